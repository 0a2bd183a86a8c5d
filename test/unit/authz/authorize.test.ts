/** The stage: all engines must allow, the first that does not has the last word, and the trace says what was decided and why. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthorize } from '../../../src/authz/authorize.ts';
import type { Authorizer } from '../../../src/authz/authorizer.ts';
import { type AuthObserver, NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { FakeAuthorizer } from '../../support/fake-authorizer.ts';
import { attributesOf, requestTrace } from '../../support/request-trace.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

type Told = [engine: string, decision: string, cached: boolean];

function setUp(authorizers: readonly Authorizer[], signal = new AbortController().signal) {
  const told: Told[] = [];
  const watch: AuthObserver = {
    ...NO_OBSERVER,
    decided: (bucket, engine, decision, cached, seconds) => {
      assert.equal(bucket, 'uploads');
      assert.ok(seconds >= 0 && seconds < 20, 'seconds');
      told.push([engine, decision, cached]);
    },
  };
  const trace = requestTrace();
  const bucket = { name: 'uploads', storeBucket: 'my-bucket', authorizers };
  const request = { ...resolvedRequest({ incoming: { signal, span: trace.open() } }), bucket };
  const authorize = createAuthorize<typeof bucket>(watch);
  return { request, told, trace, authorize: () => authorize(request) };
}

const two = (): [FakeAuthorizer, FakeAuthorizer] => [
  new FakeAuthorizer({ engine: 'opa', remembers: true }),
  new FakeAuthorizer({ engine: 'openfga', remembers: true }),
];
async function failureOf(run: () => unknown): Promise<Failure> {
  try {
    await run();
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown));
    return thrown;
  }
  return assert.fail('it was allowed');
}

describe('authorization', () => {
  it('allows without a query and without a span if there is no policy', async () => {
    const { request, authorize, trace, told } = setUp([]);
    assert.deepEqual(authorize(), { ...request, decision: { reason: 'no_policy' } });
    assert.deepEqual([trace.ended(), told], [[], []]);
  });

  it('allows requests that all engines allow, with the reason of the first', async () => {
    const [first, second] = two();
    first.says = { allow: true, reason: 'own_folder' };
    const { request, authorize, trace, told } = setUp([first, second]);
    assert.deepEqual(await authorize(), { ...request, decision: { reason: 'own_folder' } });
    const spans = trace.ended();
    assert.deepEqual(
      spans.map(({ name, parentSpanId, status }) => [name, parentSpanId, status.code]),
      [['authz.check', request.incoming.span.spanId, 0]],
    );
    assert.deepEqual(attributesOf(spans[0]), {
      'authz.decision': 'allow',
      'authz.reason': 'own_folder',
      'authz.cached': false,
    });
    assert.deepEqual(told, [
      ['opa', 'allow', false],
      ['openfga', 'allow', false],
    ]);
  });

  it('reports a cached decision only if all decisions were cached', async () => {
    const [first, second] = two();
    const { authorize, trace, told } = setUp([first, second]);
    await first.decide(resolvedRequest());
    await authorize();
    await authorize();
    assert.deepEqual(
      trace.ended().map((span) => attributesOf(span)['authz.cached']),
      [false, true],
    );
    assert.deepEqual(told, [
      ['opa', 'allow', true],
      ['openfga', 'allow', false],
      ['opa', 'allow', true],
      ['openfga', 'allow', true],
    ]);
  });

  it('ends at the first denial: the response has no reason, and the next engine is not called', async () => {
    const [first, second] = two();
    first.says = { allow: false, reason: 'quota_used_up' };
    const { authorize, trace, told } = setUp([first, second]);
    const { type, status, code, message, headers, details, reason } = await failureOf(authorize);
    assert.deepEqual([type, status, code, reason], ['access_denied', 403, 'AccessDenied', 'policy_denied']);
    assert.doesNotMatch(JSON.stringify([message, headers, details]), /quota/);
    assert.equal(second.asked.length, 0);
    assert.deepEqual(attributesOf(trace.ended()[0]), {
      'authz.decision': 'deny',
      'authz.reason': 'quota_used_up',
      'authz.cached': false,
      'error.type': 'access_denied',
    });
    assert.deepEqual(told, [['opa', 'deny', false]]);
  });

  it('needs all engines: the last can deny as well as the first', async () => {
    const [first, second] = two();
    second.says = { allow: false, reason: 'no_relation' };
    const { authorize, trace } = setUp([first, second]);
    assert.equal((await failureOf(authorize)).status, 403);
    assert.equal(attributesOf(trace.ended()[0])['authz.reason'], 'no_relation');
  });

  it('refuses if an engine does not return a decision, even if another allows', async () => {
    for (const silent of [0, 1] as const) {
      const engines = two();
      engines[silent].says = 'engine_timeout';
      const { authorize, trace, told } = setUp(engines);
      const { type, status, headers } = await failureOf(authorize);
      assert.deepEqual([type, status, headers], ['policy_unavailable', 503, { 'retry-after': '1' }]);
      assert.deepEqual(attributesOf(trace.ended()[0]), {
        'authz.decision': 'error',
        'authz.reason': 'engine_timeout',
        'error.type': 'policy_unavailable',
      });
      assert.deepEqual(told.at(-1), [engines[silent].engine, 'error', false]);
      assert.equal(told.length, silent + 1);
    }
  });

  it('shows an open circuit breaker in the trace', async () => {
    const [engine] = two();
    engine.says = 'breaker_open';
    const { authorize, trace } = setUp([engine]);
    assert.equal((await failureOf(authorize)).status, 503);
    const { 'authz.reason': reason, 'authz.breaker': breaker } = attributesOf(trace.ended()[0]);
    assert.deepEqual([reason, breaker], ['breaker_open', 'open']);
  });

  it('does not count a client that disconnects as an error of the engine', async () => {
    const [engine] = two();
    const { authorize, trace, told } = setUp([engine], AbortSignal.abort());
    assert.equal((await failureOf(authorize)).type, 'client_aborted');
    assert.deepEqual(attributesOf(trace.ended()[0]), { 'error.type': 'client_aborted' });
    assert.deepEqual(told, []);
  });

  it('refuses after an unexpected error', async () => {
    const broken: Authorizer = {
      engine: 'opa',
      decide: () => {
        throw new TypeError('of no interest to clients');
      },
      close: async () => {},
    };
    const { authorize, trace, told } = setUp([broken]);
    const { type, status, message } = await failureOf(authorize);
    assert.deepEqual([type, status], ['internal_error', 500]);
    assert.doesNotMatch(message, /interest/);
    assert.equal(attributesOf(trace.ended()[0])['authz.decision'], 'error');
    assert.deepEqual(told, [['opa', 'error', false]]);
  });
});
