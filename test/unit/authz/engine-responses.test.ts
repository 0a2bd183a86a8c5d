/** The outcome of each response of an engine: only a clear decision allows, and each problem has its name. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Authorizer } from '../../../src/authz/authorizer.ts';
import { createEngine } from '../../../src/authz/engine.ts';
import type { EngineProblem } from '../../../src/authz/engine-error.ts';
import { OPA } from '../../../src/authz/opa.ts';
import { OPENFGA } from '../../../src/authz/openfga.ts';
import { type AuthObserver, type BreakerState, NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

type Engine = 'opa' | 'openfga';
type Behave = (response: ServerResponse) => void;

const YES = '{"result":true,"allowed":true}';
const NO = '{"result":false,"allowed":false}';
const MAX_ANSWER = 64 * 1024;
/** For engines that shall not make it, and for those that shall. */
const SOON = 0.03;
const IN_TIME = 10;

const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Behave =>
  (response) =>
    void response.writeHead(status, headers).end(body);
/** As it goes over the wire. */
const raw =
  (bytes: string, then: 'close' | 'stay' = 'close'): Behave =>
  ({ socket }) =>
    void (then === 'close' ? socket?.end(bytes) : socket?.write(bytes));
const withLength = (length: number): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${YES}`;
const padded = (bytes: number): string => `${YES.slice(0, -1)},"x":"${'x'.repeat(bytes - YES.length - 7)}"}`;
const trickle: Behave = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 10);
  response.once('close', () => clearInterval(timer));
};
/** The allowing word stands where the engines write it; the status says that it is no answer. */
const statuses = (numbers: readonly number[], problem: EngineProblem): [string, Behave, EngineProblem][] =>
  numbers.map((status) => [`status ${status}`, text(status === 204 || status === 304 ? '' : YES, status), problem]);

const PROBLEMS: readonly (readonly [what: string, behave: Behave, problem: EngineProblem])[] = [
  ['nothing at all', () => {}, 'engine_timeout'],
  ['a head and no body', raw(withLength(YES.length).slice(0, -YES.length), 'stay'), 'engine_timeout'],
  ['less than it has announced, and waits', raw(withLength(YES.length + 1), 'stay'), 'engine_timeout'],
  ['a byte now and then', trickle, 'engine_timeout'],
  ['a connection that ends', raw(''), 'engine_reset'],
  ['a connection that breaks', ({ socket }) => void socket?.resetAndDestroy(), 'engine_reset'],
  ['less than it has announced', raw(withLength(YES.length + 1)), 'engine_reset'],
  [
    'a chunk without an end',
    raw(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1e\r\n${YES}\r\n`),
    'engine_reset',
  ],
  ['a length that is none', raw(`HTTP/1.1 200 OK\r\ncontent-length: 1e\r\n\r\n${YES}`), 'engine_reset'],
  [
    'another protocol',
    raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    'engine_reset',
  ],
  ['a hint of what may come, and no more', raw('HTTP/1.1 103 Early Hints\r\n\r\n'), 'engine_reset'],
  ['no HTTP', raw(YES), 'engine_reset'],
  ...statuses([201, 202, 203, 204, 206, 429, 500, 502, 503, 504, 599], 'engine_failed'),
  ...statuses([400, 401, 403, 404, 405, 413, 422, 431], 'engine_refused'),
  ...statuses([300, 301, 302, 303, 304, 307, 308], 'engine_redirected'),
  ['more than it has announced', raw(withLength(4)), 'engine_answer_not_json'],
  ['nothing', text(''), 'engine_answer_not_json'],
  ['half a document', text(YES.slice(0, -1)), 'engine_answer_not_json'],
  ['two documents', text(YES + YES), 'engine_answer_not_json'],
  ['a page', text('<html>true</html>', 200, { 'content-type': 'text/html' }), 'engine_answer_not_json'],
  ['a document in a coding that nobody knows', text(YES, 200, { 'content-encoding': 'zip' }), 'engine_answer_not_json'],
  ['a document in UTF-16', text(Buffer.from(YES, 'utf16le')), 'engine_answer_not_json'],
  ['a byte too much', text(padded(MAX_ANSWER + 1)), 'engine_answer_too_large'],
  ['10 MB', text(padded(10_000_000)), 'engine_answer_too_large'],
];

const ALLOWS: readonly (readonly [what: string, behave: Behave])[] = [
  ['a clear yes', text(YES)],
  ['a yes among other things', text(`{"decision_id":"1","warning":{},${YES.slice(1)}`)],
  ['a compressed yes', text(gzipSync(YES), 200, { 'content-encoding': 'gzip' })],
  ['a yes as long as it may be', text(padded(MAX_ANSWER))],
  ['a yes after a hint', raw(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${withLength(YES.length)}`)],
  [
    'a yes in pieces',
    raw(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1d\r\n${YES.slice(1)}\r\n0\r\n\r\n`),
  ],
];

const DENIES: Readonly<Record<Engine, readonly (readonly [document: string, reason: string])[]>> = {
  opa: [
    ['{"result":false}', 'policy_denied'],
    ['{"result":{"allow":false}}', 'policy_denied'],
    ['{"result":{"allow":false,"reason":"quota_used_up"}}', 'quota_used_up'],
    ['{}', 'policy_undefined'],
    ['{"allow":true}', 'policy_undefined'],
    ['{"Result":true}', 'policy_undefined'],
    ['{"__proto__":{"result":true}}', 'policy_undefined'],
    ['[{"result":true}]', 'policy_undefined'],
    ['true', 'policy_undefined'],
    ['null', 'policy_undefined'],
    [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'policy_undefined'],
    ['{"result":null}', 'policy_not_boolean'],
    ['{"result":1}', 'policy_not_boolean'],
    ['{"result":"true"}', 'policy_not_boolean'],
    ['{"result":[true]}', 'policy_not_boolean'],
    ['{"result":{}}', 'policy_not_boolean'],
    ['{"result":{"allow":"true","reason":"x"}}', 'policy_not_boolean'],
    ['{"result":{"allow":{"allow":true}}}', 'policy_not_boolean'],
    ['{"result":{"__proto__":{"allow":true}}}', 'policy_not_boolean'],
  ],
  openfga: [
    ['{"allowed":false}', 'no_relation'],
    ['{"allowed":false,"resolution":"x"}', 'no_relation'],
    ['{}', 'answer_without_decision'],
    ['{"result":true}', 'answer_without_decision'],
    ['{"allowed":null}', 'answer_without_decision'],
    ['{"allowed":1}', 'answer_without_decision'],
    ['{"allowed":"true"}', 'answer_without_decision'],
    ['{"allowed":{"allowed":true}}', 'answer_without_decision'],
    ['{"__proto__":{"allowed":true}}', 'answer_without_decision'],
    ['[{"allowed":true}]', 'answer_without_decision'],
    ['true', 'answer_without_decision'],
    ['null', 'answer_without_decision'],
  ],
};

function open(engine: Engine, url: string, watch: AuthObserver = NO_OBSERVER, timeout_seconds = IN_TIME): Authorizer {
  const options = { url, timeout_seconds, cache_ttl_seconds: 0, max_concurrent: 64 };
  const tools = { bucket: 'uploads', watch };
  if (engine === 'opa') return createEngine(OPA, { ...options, policy_path: 'mizuchi/allow' }, tools);
  const names = { relation: 'writer', user_type: 'user', object_type: 'object', check: 'object' as const };
  return createEngine(OPENFGA, { ...options, ...names, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, tools);
}

const ask = (authorizer: Authorizer) => authorizer.decide(resolvedRequest(), NO_SPAN);
const problemOf = (authorizer: Authorizer): Promise<string | undefined> =>
  ask(authorizer).then(
    (verdict) => assert.fail(`it says ${JSON.stringify(verdict)}`),
    (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.deepEqual([error.type, error.status, error.headers], ['policy_unavailable', 503, { 'retry-after': '1' }]);
      return error.reason;
    },
  );

for (const engineName of ['opa', 'openfga'] as const) {
  describe(`a response of ${engineName}`, () => {
    let engine: FakeEngine;
    before(async () => {
      engine = await FakeEngine.start();
    });
    after(() => engine.close());

    for (const [what, behave] of ALLOWS) {
      it(`allows with ${what}`, async (t) => {
        engine.behaviour = (_, response) => behave(response);
        const authorizer = open(engineName, engine.url);
        t.after(() => authorizer.close());
        const reason = engineName === 'opa' ? 'policy_allowed' : 'relation';
        assert.deepEqual(await ask(authorizer), { allow: true, reason, cached: false });
      });
    }

    for (const [document, reason] of DENIES[engineName]) {
      it(`denies with ${document.slice(0, 60)}`, async (t) => {
        engine.behaviour = (_, response) => text(document)(response);
        const authorizer = open(engineName, engine.url);
        t.after(() => authorizer.close());
        assert.deepEqual(await ask(authorizer), { allow: false, reason, cached: false });
      });
    }

    for (const [what, behave, problem] of PROBLEMS) {
      it(`is not a decision: ${what}`, async (t) => {
        engine.behaviour = (_, response) => behave(response);
        const states: BreakerState[] = [];
        const watch = {
          ...NO_OBSERVER,
          breaker: (...told: [string, string, BreakerState]) => void states.push(told[2]),
        };
        const authorizer = open(engineName, engine.url, watch, problem === 'engine_timeout' ? SOON : IN_TIME);
        t.after(() => authorizer.close());
        for (let i = 0; i < 5; i++) assert.equal(await problemOf(authorizer), problem);
        assert.deepEqual(states, problem === 'engine_refused' ? ['closed'] : ['closed', 'open']);
      });
    }

    it('is not a decision: connection refused', async (t) => {
      const gone = await FakeEngine.start();
      const authorizer = open(engineName, gone.url);
      t.after(() => authorizer.close());
      await gone.close();
      assert.equal(await problemOf(authorizer), 'engine_unreachable');
    });

    it('is not the response to the next query, if two arrive for the first', async (t) => {
      const http = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      engine.behaviour = (_, response) => raw(http(NO) + http(YES), 'stay')(response);
      const authorizer = open(engineName, engine.url);
      t.after(() => authorizer.close());
      assert.equal((await ask(authorizer)).allow, false);
      engine.behaviour = (_, response) => text(NO)(response);
      assert.equal((await ask(authorizer)).allow, false);
    });

    it('is not followed if it is a redirect', async (t) => {
      const elsewhere = await FakeEngine.start();
      t.after(() => elsewhere.close());
      for (const status of [301, 302, 303, 307, 308]) {
        engine.behaviour = (_, response) => text(YES, status, { location: elsewhere.url })(response);
        const authorizer = open(engineName, engine.url);
        t.after(() => authorizer.close());
        assert.equal(await problemOf(authorizer), 'engine_redirected');
      }
      assert.equal(elsewhere.questions.length, 0);
    });
  });
}
