/** What all engines have in common: the calls, the cache, the spans, and the events of the observer. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Authorizer } from '../../../src/authz/authorizer.ts';
import { OPEN_MILLIS } from '../../../src/authz/breaker.ts';
import { createEngine, type EngineTools } from '../../../src/authz/engine.ts';
import { OPA } from '../../../src/authz/opa.ts';
import type { EngineOptions } from '../../../src/authz/policy-engine.ts';
import { NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { NO_SPAN, type Span } from '../../../src/domain/span.ts';
import { watchIdentity } from '../../../src/metrics/identity-metrics.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { attributesOf, requestTrace } from '../../support/request-trace.ts';
import { type RequestChanges, resolvedRequest } from '../../support/resolved-request.ts';

interface Changes {
  readonly options?: Partial<EngineOptions>;
  readonly tools?: Partial<EngineTools>;
}

async function setUp(t: TestContext, { options, tools }: Changes = {}) {
  const engine = await FakeEngine.start();
  t.after(() => engine.close());
  const authorizer = createEngine(
    OPA,
    {
      url: engine.url,
      policy_path: 'mizuchi/allow',
      timeout_seconds: 10,
      cache_ttl_seconds: 0,
      max_concurrent: 64,
      ...options,
    },
    { bucket: 'uploads', watch: NO_OBSERVER, ...tools },
  );
  t.after(() => authorizer.close());
  return { engine, authorizer };
}

const ask = (authorizer: Authorizer, changes?: RequestChanges, span: Span = NO_SPAN) =>
  authorizer.decide(resolvedRequest(changes), span);
const reasonOf = (thrown: Error): string | undefined => {
  assert.ok(thrown instanceof Failure, String(thrown));
  return thrown.reason ?? thrown.type;
};
const failed = (status: number) => (_: unknown, response: ServerResponse) => void response.writeHead(status).end('{}');
/** Lets queries wait; @returns the next one that arrives. */
function hold(engine: FakeEngine): Promise<ServerResponse> {
  return new Promise((resolve) => {
    engine.behaviour = (_, response) => resolve(response);
  });
}

describe('a call to an engine', () => {
  it('carries the token, and the query in the form of OPA', async (t) => {
    const { engine, authorizer } = await setUp(t, { options: { token: 'the-token' } });
    await ask(authorizer);
    const [{ path, headers, body } = assert.fail()] = engine.questions;
    assert.equal(path, '/v1/data/mizuchi/allow');
    assert.equal(headers.authorization, 'Bearer the-token');
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(Object.keys(body), ['input']);
    assert.equal(body.input.subject, 'anna');
  });

  it('carries no token without a setting, and goes below the path of the URL', async (t) => {
    const engine = await FakeEngine.start();
    t.after(() => engine.close());
    for (const end of ['', '/']) {
      const { authorizer } = await setUp(t, { options: { url: `${engine.url}/behind/a/proxy${end}` } });
      await ask(authorizer);
    }
    for (const { path, headers } of engine.questions) {
      assert.equal(path, '/behind/a/proxy/v1/data/mizuchi/allow');
      assert.equal(headers.authorization, undefined);
    }
    assert.equal(engine.questions.length, 2);
  });

  it('is a CLIENT span with query and decision, and propagates the trace to the engine', async (t) => {
    const { engine, authorizer } = await setUp(t);
    const trace = requestTrace();
    const check = trace.open();
    await ask(authorizer, {}, check);
    const [call] = trace.ended();
    assert.equal(call?.name, 'authz.opa');
    assert.equal(call?.kind, 3, 'CLIENT');
    assert.equal(call?.parentSpanId, check.spanId);
    const traceparent = String(engine.questions[0]?.headers.traceparent);
    assert.deepEqual(traceparent.split('-').slice(0, 3), ['00', call?.traceId, call?.spanId]);
    const {
      'authz.connect_seconds': connecting,
      'authz.connection_wait_seconds': waiting,
      ...attributes
    } = attributesOf(call);
    assert.ok(Number(connecting) > 0 && Number(waiting) >= Number(connecting), `${connecting} ${waiting}`);
    assert.deepEqual(attributes, {
      'http.request.method': 'POST',
      'url.full': `${engine.url}/v1/data/mizuchi/allow`,
      'server.address': '127.0.0.1',
      'server.port': new URL(engine.url).port,
      'authz.breaker': 'closed',
      'http.response.status_code': '200',
      'authz.decision': 'allow',
      'authz.connection_reused': false,
      'network.peer.address': '127.0.0.1',
      'network.peer.port': new URL(engine.url).port,
    });
  });

  it('shows that it reused a connection', async (t) => {
    const { authorizer } = await setUp(t);
    const trace = requestTrace();
    const check = trace.open();
    await ask(authorizer, {}, check);
    await nextTurn(); // the connection is free after the turn of its response
    await ask(authorizer, {}, check);
    const [first, second] = trace.ended().map(attributesOf);
    assert.deepEqual([first?.['authz.connection_reused'], second?.['authz.connection_reused']], [false, true]);
    // On a busy machine the second one may have waited too.
    assert.notEqual(first?.['authz.connection_wait_seconds'], undefined);
    assert.notEqual(first?.['authz.connect_seconds'], undefined);
    assert.equal(second?.['authz.connect_seconds'], undefined);
  });

  for (const [what, behaviour, problem, status] of [
    ['refuses', failed(401), 'engine_refused', '401'],
    ['fails', failed(500), 'engine_failed', '500'],
    ['says too much', (_, response) => void response.end('x'.repeat(70_000)), 'engine_answer_too_large', '200'],
    [
      'breaks off',
      (_, response) => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
      'engine_reset',
      '200',
    ],
    ['resets', (_, response) => void response.socket?.resetAndDestroy(), 'engine_reset', undefined],
  ] satisfies [string, FakeEngine['behaviour'], string, string | undefined][]) {
    it(`is a span with its error if the engine ${what}`, async (t) => {
      const { engine, authorizer } = await setUp(t);
      engine.behaviour = behaviour;
      const trace = requestTrace();
      await assert.rejects(ask(authorizer, {}, trace.open()));
      const [call] = trace.ended();
      assert.equal(call?.status.code, 2);
      const attributes = attributesOf(call);
      assert.equal(attributes['error.type'], problem);
      assert.equal(attributes['http.response.status_code'], status);
      assert.equal(attributes['authz.decision'], undefined);
    });
  }

  it('is aborted at its timeout', async (t) => {
    const { engine, authorizer } = await setUp(t, { options: { timeout_seconds: 0.5 } });
    const held = hold(engine);
    const asked = assert.rejects(ask(authorizer), (error: Error) => reasonOf(error) === 'engine_timeout');
    const response = await held;
    await Promise.all([asked, once(response, 'close')]);
  });

  it('does not time out while this process is busy: not before it is sent, and not after its response arrived', async (t) => {
    const { engine, authorizer } = await setUp(t, { options: { timeout_seconds: 0.02 } });
    const busy = (millis: number): void => {
      for (const end = performance.now() + millis; performance.now() < end; );
    };
    const asked = ask(authorizer);
    busy(60); // nothing can connect meanwhile
    assert.equal((await asked).allow, true);
    engine.behaviour = (_, response) => {
      response.end('{"result":true}');
      setImmediate(() => busy(60)); // the answer is on its way
    };
    for (let i = 0; i < 10; i++) assert.equal((await ask(authorizer, { key: String(i) })).allow, true);
  });

  it('leaves no timer behind', async (t) => {
    const { authorizer } = await setUp(t, { options: { timeout_seconds: 1000 } });
    const clocks = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await ask(authorizer);
    const before = clocks();
    for (let i = 0; i < 20; i++) await ask(authorizer);
    assert.ok(clocks() < before + 10, `${before} clocks, then ${clocks()}`);
  });

  it('is aborted when the authorizer closes, and allows nothing', async (t) => {
    const { engine, authorizer } = await setUp(t);
    const held = hold(engine);
    const asked = assert.rejects(ask(authorizer), (error: Error) => reasonOf(error) === 'engine_reset');
    await held;
    await Promise.all([asked, authorizer.close()]);
  });
});

describe('equal queries', () => {
  it('share one call, and all get its decision', async (t) => {
    const { engine, authorizer } = await setUp(t);
    const held = hold(engine);
    const trace = requestTrace();
    const spans = [1, 2, 3].map(() => trace.open());
    const asked = spans.map((span) => ask(authorizer, {}, span));
    (await held).end('{"result":{"allow":false,"reason":"shared"}}');
    const verdicts = await Promise.all(asked);
    assert.deepEqual(
      verdicts.map(({ reason, cached }) => [reason, cached]),
      [
        ['shared', false],
        ['shared', true],
        ['shared', true],
      ],
    );
    assert.equal(engine.questions.length, 1);
    assert.deepEqual(
      trace.ended().map(({ parentSpanId }) => parentSpanId),
      [spans[0]?.spanId],
      'one span, of the one who has asked',
    );
  });

  it('have the same subject', async (t) => {
    const { engine, authorizer } = await setUp(t);
    engine.behaviour = (_, response) => {
      const { subject } = engine.questions.at(-1)!.body.input;
      response.end(JSON.stringify({ result: subject === 'anna' }));
    };
    const asked = ['anna', 'bob', 'anna'].map((subject) => ask(authorizer, { identity: { subject } }));
    assert.deepEqual(
      (await Promise.all(asked)).map(({ allow }) => allow),
      [true, false, true],
    );
    assert.equal(engine.questions.length, 2);
  });

  it('get their decision when the first client disconnects', async (t) => {
    const { engine, authorizer } = await setUp(t);
    const held = hold(engine);
    const client = new AbortController();
    const first = ask(authorizer, { incoming: { signal: client.signal } });
    const second = ask(authorizer);
    const response = await held;
    client.abort();
    await assert.rejects(first, (error: Error) => reasonOf(error) === 'client_aborted');
    response.end('{"result":true}');
    assert.deepEqual(await second, { allow: true, reason: 'policy_allowed', cached: true });
    assert.equal(engine.questions.length, 1);
  });

  it('leave a decision for later queries, even if no client waited for it', async (t) => {
    const { engine, authorizer } = await setUp(t, { options: { cache_ttl_seconds: 60, max_concurrent: 64 } });
    const held = hold(engine);
    const client = new AbortController();
    const first = ask(authorizer, { incoming: { signal: client.signal } });
    const response = await held;
    client.abort();
    await assert.rejects(first);
    const second = ask(authorizer);
    response.end('{"result":true}');
    assert.equal((await second).cached, true);
    assert.equal((await ask(authorizer)).cached, true);
    assert.equal(engine.questions.length, 1);
  });
});

describe('the circuit breaker before an engine that fails', () => {
  /** Value of `mizuchi_authz_breaker_state`. */
  function stateIn(registry: Registry): number | undefined {
    for (const { name, series } of registry.collect())
      if (name === 'mizuchi_authz_breaker_state')
        for (const { labels, value } of series) {
          assert.deepEqual(labels, ['uploads', 'opa']);
          return value;
        }
    return undefined;
  }

  it('is in the metrics, and on the span of the probe', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const registry = new Registry();
    const { engine, authorizer } = await setUp(t, { tools: { watch: watchIdentity(registry) } });
    assert.equal(stateIn(registry), 0);
    engine.behaviour = failed(500);
    for (let i = 0; i < 5; i++) await assert.rejects(ask(authorizer));
    assert.equal(stateIn(registry), 2);

    engine.behaviour = undefined;
    const trace = requestTrace();
    const check = trace.open();
    await assert.rejects(ask(authorizer, {}, check), (error: Error) => reasonOf(error) === 'breaker_open');
    assert.equal(engine.questions.length, 5, 'no call');
    assert.deepEqual(trace.ended(), [], 'and no span for one');

    t.mock.timers.tick(OPEN_MILLIS);
    const held = hold(engine);
    const probe = ask(authorizer, {}, check);
    const response = await held;
    assert.equal(stateIn(registry), 1);
    response.end('{"result":true}');
    assert.equal((await probe).allow, true);
    assert.equal(stateIn(registry), 0);
    assert.equal(attributesOf(trace.ended()[0])['authz.breaker'], 'half_open');
  });

  it('does not affect cached decisions', async (t) => {
    const { engine, authorizer } = await setUp(t, { options: { cache_ttl_seconds: 60, max_concurrent: 64 } });
    await ask(authorizer);
    engine.behaviour = failed(500);
    for (let i = 0; i < 5; i++) await assert.rejects(ask(authorizer, { key: 'other' }));
    await assert.rejects(ask(authorizer, { key: 'other' }), (error: Error) => reasonOf(error) === 'breaker_open');
    assert.deepEqual(await ask(authorizer), { allow: true, reason: 'policy_allowed', cached: true });
  });

  it('does not count clients that disconnect', async (t) => {
    const { engine, authorizer } = await setUp(t);
    for (let i = 0; i < 6; i++) {
      const held = hold(engine);
      const client = new AbortController();
      const asked = ask(authorizer, { key: `key-${i}`, incoming: { signal: client.signal } });
      const response = await held;
      client.abort();
      await assert.rejects(asked, (error: Error) => reasonOf(error) === 'client_aborted');
      response.end('{"result":true}');
    }
    engine.behaviour = undefined;
    assert.equal((await ask(authorizer)).allow, true);
  });
});
