/** The contract of every authorizer, for any engine. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Authorizer } from '../../../src/authz/authorizer.ts';
import { createEngine } from '../../../src/authz/engine.ts';
import { OPA } from '../../../src/authz/opa.ts';
import { OPENFGA } from '../../../src/authz/openfga.ts';
import { NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { FakeAuthorizer } from '../../support/fake-authorizer.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

interface Candidate {
  readonly authorizer: Authorizer;
  /** From now on; at first it allows. */
  say(word: 'yes' | 'no' | 'nothing'): void;
  /** How often the engine has been asked. */
  asked(): number;
}

type Open = (t: TestContext, remembers: boolean) => Promise<Candidate>;

const TOOLS = { bucket: 'uploads', watch: NO_OBSERVER };
const STORE_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

function overSocket(create: (url: string, cache_ttl_seconds: number) => Authorizer): Open {
  return async (t, remembers) => {
    const engine = await FakeEngine.start();
    t.after(() => engine.close());
    const authorizer = create(engine.url, remembers ? 60 : 0);
    t.after(() => authorizer.close());
    return {
      authorizer,
      say: (word) => {
        const allow = word === 'yes';
        engine.behaviour = (_, response) => {
          if (word === 'nothing') response.writeHead(500);
          response.end(JSON.stringify({ result: allow, allowed: allow }));
        };
      },
      asked: () => engine.questions.length,
    };
  };
}

const CANDIDATES: Readonly<Record<string, Open>> = {
  OPA: overSocket((url, cache_ttl_seconds) =>
    createEngine(
      OPA,
      { url, cache_ttl_seconds, max_concurrent: 64, timeout_seconds: 5, policy_path: 'mizuchi/allow' },
      TOOLS,
    ),
  ),
  OpenFGA: overSocket((url, cache_ttl_seconds) => {
    const names = { store_id: STORE_ID, relation: 'writer', user_type: 'user', object_type: 'object' };
    return createEngine(
      OPENFGA,
      { url, cache_ttl_seconds, max_concurrent: 64, timeout_seconds: 5, check: 'object', ...names },
      TOOLS,
    );
  }),
  'the fake of the tests': async (t, remembers) => {
    const authorizer = new FakeAuthorizer({ remembers });
    t.after(() => authorizer.close());
    const words = {
      yes: { allow: true, reason: 'fake_allowed' },
      no: { allow: false, reason: 'fake_denied' },
      nothing: 'engine_failed',
    } as const;
    return {
      authorizer,
      say: (word) => {
        authorizer.says = words[word];
      },
      asked: () => authorizer.asked.length,
    };
  },
};

function isUnavailable(error: unknown): true {
  assert.ok(error instanceof Failure, String(error));
  assert.deepEqual([error.type, error.status], ['policy_unavailable', 503]);
  assert.match(error.headers['retry-after'] ?? '', /^[1-9]\d*$/);
  assert.match(error.reason ?? '', /^[a-z_]+$/);
  return true;
}

for (const [name, open] of Object.entries(CANDIDATES)) {
  describe(`an authorizer: ${name}`, () => {
    const ask = ({ authorizer }: Candidate, request = resolvedRequest()) => authorizer.decide(request, NO_SPAN);

    it('names its engine', async (t) => {
      const { authorizer } = await open(t, false);
      assert.ok(['opa', 'openfga'].includes(authorizer.engine));
    });

    it('allows with the reason of its engine', async (t) => {
      const verdict = await ask(await open(t, false));
      assert.deepEqual([verdict.allow, verdict.cached], [true, false]);
      assert.match(verdict.reason, /^[a-z_]+$/);
    });

    it('denies with the reason of its engine', async (t) => {
      const candidate = await open(t, false);
      const allowed = await ask(candidate);
      candidate.say('no');
      const verdict = await ask(candidate);
      assert.deepEqual([verdict.allow, verdict.cached], [false, false]);
      assert.match(verdict.reason, /^[a-z_]+$/);
      assert.notEqual(verdict.reason, allowed.reason);
    });

    it('throws if its engine returns no decision, and calls it again the next time', async (t) => {
      for (const remembers of [false, true]) {
        const candidate = await open(t, remembers);
        candidate.say('nothing');
        await assert.rejects(ask(candidate), isUnavailable);
        candidate.say('yes');
        assert.deepEqual((({ allow, cached }) => [allow, cached])(await ask(candidate)), [true, false]);
        assert.equal(candidate.asked(), 2);
      }
    });

    it('calls the engine each time without a cache', async (t) => {
      const candidate = await open(t, false);
      await ask(candidate);
      candidate.say('no');
      assert.equal((await ask(candidate)).allow, false);
      assert.equal(candidate.asked(), 2);
    });

    for (const word of ['yes', 'no'] as const) {
      it(`caches a ${word} for equal queries only`, async (t) => {
        const candidate = await open(t, true);
        candidate.say(word);
        const first = await ask(candidate);
        candidate.say(word === 'yes' ? 'no' : 'yes');
        assert.deepEqual(await ask(candidate), { ...first, cached: true });
        assert.equal(candidate.asked(), 1);
        for (const other of [{ key: 'a/c.txt' }, { identity: { subject: 'bob' } }]) {
          const verdict = await ask(candidate, resolvedRequest(other));
          assert.deepEqual([verdict.allow, verdict.cached], [!first.allow, false]);
        }
      });
    }

    it('throws client_aborted after a disconnect', async (t) => {
      const candidate = await open(t, false);
      const request = resolvedRequest({ incoming: { signal: AbortSignal.abort() } });
      await assert.rejects(ask(candidate, request), (error) => {
        assert.equal((error as Failure).type, 'client_aborted');
        return true;
      });
    });

    it('closes twice, and then allows nothing', async (t) => {
      const candidate = await open(t, false);
      assert.equal((await ask(candidate)).allow, true);
      await candidate.authorizer.close();
      await candidate.authorizer.close();
      await assert.rejects(ask(candidate), isUnavailable);
    });
  });
}
