import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import type { JwksTimes } from '../../../../src/auth/jwt/jwks-source.ts';
import { createTokenVerifier } from '../../../../src/auth/jwt/verify-token.ts';
import { NO_OBSERVER } from '../../../../src/domain/auth-observer.ts';
import { Failure } from '../../../../src/domain/failure.ts';
import { deadEndpoint, faultyServer, garbage, hang, reset, trickle } from '../../../support/faulty-server.ts';
import { jwkOf, keySet, says, startJwksServer } from './jwks-server.ts';
import {
  accepts,
  CLAIMS,
  ecPair,
  NOW,
  newFindings,
  outcome,
  provider,
  refusesWith,
  rsaPair,
  signed,
} from './tokens.ts';

const MINUTE = 60_000;
const one = rsaPair();
const two = rsaPair();
const ONE = jwkOf(one.publicKey, 'one');
const TWO = jwkOf(two.publicKey, 'two');
/** A day long, so that only the keys decide. */
const LONG = { ...CLAIMS, exp: CLAIMS.exp + 86_400 };
const ofOne = () => signed(one.privateKey, LONG, { kid: 'one' });
const ofTwo = () => signed(two.privateKey, LONG, { kid: 'two' });

/** A verifier with a clock of the test's, and all it told. */
function verifierAt(t: TestContext, url: string, jwks: Partial<JwksTimes> = {}, algorithms = ['RS256', 'ES256']) {
  const clock = { now: NOW };
  const results: string[] = [];
  const lines: { level: string; fields: object; message: string }[] = [];
  const waiting: (() => void)[] = [];
  const say = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const verifier = createTokenVerifier([provider({ algorithms, jwks_url: url })], {
    watch: {
      ...NO_OBSERVER,
      keysFetched(result) {
        results.push(result);
        for (const resolve of waiting.splice(0)) resolve();
      },
    },
    now: () => clock.now,
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    jwks,
  });
  t.after(() => verifier.close());
  return { verifier, clock, results, lines, nextFetch: () => new Promise<void>((resolve) => waiting.push(resolve)) };
}

async function providerAt(t: TestContext, answer: RequestListener, jwks?: Partial<JwksTimes>) {
  const server = await startJwksServer(answer);
  t.after(() => server.close());
  return { server, ...verifierAt(t, server.url, jwks) };
}

describe('keys of an identity provider', () => {
  it('are fetched once for all who need them at the same time', async (t) => {
    const { server, verifier, results } = await providerAt(t, keySet(ONE, TWO));
    assert.equal(server.requests, 0);
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? ofOne() : ofTwo())));
    const findings = newFindings();
    await Promise.all(tokens.map((token) => accepts(verifier, token, findings)));
    assert.equal(findings.keySource, 'fetched');
    assert.equal(server.requests, 1);
    assert.deepEqual(results, ['success']);
  });

  it('are at hand from then on, without waiting', async (t) => {
    const { server, verifier } = await providerAt(t, keySet(ONE));
    const token = await ofOne();
    const first = await accepts(verifier, token);
    const findings = newFindings();
    assert.equal(verifier.verify(token, findings), first);
    assert.deepEqual(findings, { method: 'anonymous', keyId: 'one', keySource: 'cached' });
    const other = newFindings();
    await accepts(verifier, await signed(one.privateKey, { ...LONG, jti: '2' }, { kid: 'one' }), other);
    assert.equal(other.keySource, 'cached');
    assert.equal(server.requests, 1);
  });

  it('are fetched again when a token names a new one, once the cooldown is over', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE));
    await accepts(verifier, await ofOne());
    server.answer = keySet(TWO);
    clock.now += 29_999;
    await refusesWith(verifier, await ofTwo(), 'unknown_key');
    assert.equal(server.requests, 1);
    clock.now += 1;
    const findings = newFindings();
    await accepts(verifier, await ofTwo(), findings);
    assert.equal(findings.keySource, 'fetched');
    assert.equal(server.requests, 2);
  });

  it('end the tokens that a removed one has signed, cached or not', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE, TWO));
    const token = await ofOne();
    await accepts(verifier, token);
    await accepts(verifier, await ofTwo());
    server.answer = keySet(TWO);
    clock.now += 30_000;
    await refusesWith(verifier, await signed(one.privateKey, LONG, { kid: 'three' }), 'unknown_key');
    assert.equal(server.requests, 2);
    await refusesWith(verifier, token, 'unknown_key');
    await accepts(verifier, await ofTwo());
  });

  it('are waited for by a limited number of requests: one more gets Retry-After', async (t) => {
    const { verifier } = await providerAt(t, keySet(ONE));
    const flood = await Promise.all(
      Array.from({ length: 300 }, (_, i) => signed(two.privateKey, LONG, { kid: `other-${i}` })),
    );
    const outcomes = await Promise.all(flood.map((token) => outcome(verifier, token)));
    const reasons = outcomes.map((one) => (one instanceof Failure ? one.reason : undefined));
    assert.equal(reasons.filter((reason) => reason === 'keys_busy').length, 300 - 256);
    assert.equal(reasons.filter((reason) => reason === 'unknown_key').length, 256);
  });

  it('are fetched no more than once in a cooldown, however many unknown keys are named', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE));
    const flood = await Promise.all(
      Array.from({ length: 256 }, (_, i) => signed(two.privateKey, LONG, { kid: `../../${i}` })),
    );
    const all = () => Promise.all(flood.map((token) => refusesWith(verifier, token, 'unknown_key')));
    await all();
    await all();
    assert.equal(server.requests, 1);
    clock.now += 30_000;
    await all();
    await all();
    assert.equal(server.requests, 2);
    clock.now += 29_999;
    await all();
    assert.equal(server.requests, 2);
  });

  it('keep verified tokens when the provider returns the same ones in another order', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE, TWO));
    const token = await ofOne();
    const first = await accepts(verifier, token);
    server.answer = keySet(TWO, Object.fromEntries(Object.entries(ONE).reverse()));
    clock.now += 30_000;
    await refusesWith(verifier, await signed(one.privateKey, LONG, { kid: 'three' }), 'unknown_key');
    assert.equal(server.requests, 2);
    assert.equal(verifier.verify(token, newFindings()), first);
  });

  it('are refreshed in the background after five minutes, for cached tokens too', async (t) => {
    const { server, verifier, clock, nextFetch } = await providerAt(t, keySet(ONE));
    const token = await ofOne();
    const first = await accepts(verifier, token);
    server.answer = keySet(TWO);
    clock.now += 5 * MINUTE;
    const refreshed = nextFetch();
    const findings = newFindings();
    assert.equal(verifier.verify(token, findings), first);
    assert.equal(findings.keySource, 'cached');
    await refreshed;
    assert.equal(server.requests, 2);
    await refusesWith(verifier, token, 'unknown_key');
  });

  it('are waited for after ten minutes without a request, so that a removed one is not believed', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE));
    const token = await ofOne();
    await accepts(verifier, token);
    server.answer = keySet(TWO);
    clock.now += 10 * MINUTE;
    await refusesWith(verifier, token, 'unknown_key');
    assert.equal(server.requests, 2);
  });

  it('are used for an hour while the provider is down, then nothing is accepted, then it comes back', async (t) => {
    const { server, verifier, clock, results, lines, nextFetch } = await providerAt(t, keySet(ONE));
    const token = await ofOne();
    await accepts(verifier, token);
    server.answer = says(500, 'down');
    clock.now += 5 * MINUTE;
    const failed = nextFetch();
    await accepts(verifier, token);
    await failed;
    const stale = newFindings();
    assert.equal(verifier.verify(token, stale) instanceof Promise, false);
    assert.equal(stale.keySource, 'stale');
    const anew = newFindings();
    await accepts(verifier, await signed(one.privateKey, { ...LONG, jti: '2' }, { kid: 'one' }), anew);
    assert.equal(anew.keySource, 'stale');
    assert.equal(server.requests, 2);
    clock.now = NOW + 60 * MINUTE - 1;
    const failedAgain = nextFetch();
    await accepts(verifier, token);
    await failedAgain;
    clock.now += 1;
    const failure = await refusesWith(verifier, token, 'keys_unavailable');
    assert.deepEqual([failure.type, failure.status, failure.code], ['keys_unavailable', 503, 'ServiceUnavailable']);
    assert.equal(failure.headers['retry-after'], '5');
    assert.equal(server.requests, 3);
    clock.now += 5_000;
    server.answer = keySet(ONE);
    const back = newFindings();
    await accepts(verifier, token, back);
    assert.equal(back.keySource, 'fetched');
    assert.deepEqual(results, ['success', 'error', 'error', 'success']);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn', 'info'],
    );
  });

  it('are waited for once while the provider is down for long, and not by every request', async (t) => {
    const { server, verifier, clock, nextFetch } = await providerAt(t, keySet(ONE));
    const token = await ofOne();
    await accepts(verifier, token);
    server.answer = says(500, 'down');
    clock.now += 30 * MINUTE;
    const findings = newFindings();
    await accepts(verifier, token, findings);
    assert.equal(findings.keySource, 'stale');
    clock.now += MINUTE;
    const failed = nextFetch();
    assert.equal(verifier.verify(token, newFindings()) instanceof Promise, false);
    await failed;
    assert.equal(server.requests, 3);
  });

  it('cannot be called unknown while the provider is unreachable', async (t) => {
    const { server, verifier, clock } = await providerAt(t, keySet(ONE));
    await accepts(verifier, await ofOne());
    server.answer = says(503, '');
    clock.now += 30_000;
    await refusesWith(verifier, await ofTwo(), 'keys_unavailable');
    await refusesWith(verifier, await ofTwo(), 'keys_unavailable');
    assert.equal(server.requests, 2);
    await accepts(verifier, await ofOne());
  });

  it('are fetched every five seconds, not more often, as long as there are none', async (t) => {
    const { server, verifier, clock } = await providerAt(t, says(500, ''));
    const token = await ofOne();
    for (let i = 0; i < 20; i++) await refusesWith(verifier, token, 'keys_unavailable');
    assert.equal(server.requests, 1);
    clock.now += 5_000;
    server.answer = keySet(ONE);
    await accepts(verifier, token);
    assert.equal(server.requests, 2);
  });
});

describe('a response of an identity provider', () => {
  const body = JSON.stringify({ keys: [ONE] });
  const wrong: readonly (readonly [string, RequestListener])[] = [
    ['an error', says(500, body)],
    ['a page that is not there', says(404, body)],
    ['nothing', says(204, '')],
    ['an empty answer', says(200, '')],
    ['a page', says(200, '<html></html>', { 'content-type': 'application/json' })],
    ['null', says(200, 'null')],
    ['a list', says(200, '[]')],
    ['an object without keys', says(200, '{}')],
    ['a set without a key', says(200, '{"keys":[]}')],
    ['keys that are an object', says(200, '{"keys":{"0":{}}}')],
    ['keys that are text', says(200, '{"keys":["key"]}')],
    ['a key that is null', says(200, '{"keys":[null]}')],
    ['more than a hundred keys', keySet(...Array.from({ length: 101 }, (_, i) => ({ ...ONE, kid: String(i) })))],
    ['10 MB', says(200, `${' '.repeat(10 * 1024 * 1024)}${body}`)],
    [
      '10 MB of unknown length',
      (_request, response) => {
        response.write(' '.repeat(5 * 1024 * 1024));
        response.end(`${' '.repeat(5 * 1024 * 1024)}${body}`);
      },
    ],
    [
      'half an answer',
      (_request, response) => {
        response.writeHead(200, { 'content-length': String(body.length) });
        response.write(body.slice(0, 100), () => response.destroy());
      },
    ],
  ];
  for (const [what, answer] of wrong)
    it(`is not believed if it is ${what}`, async (t) => {
      const { server, verifier, results } = await providerAt(t, answer);
      await refusesWith(verifier, await ofOne(), 'keys_unavailable');
      assert.equal(server.requests, 1);
      assert.deepEqual(results, ['error']);
    });

  for (const status of [301, 302, 303, 307, 308])
    it(`is not looked for elsewhere after ${status}`, async (t) => {
      const elsewhere = await startJwksServer(keySet(ONE));
      t.after(() => elsewhere.close());
      const { server, verifier, results } = await providerAt(t, says(status, '', { location: elsewhere.url }));
      await refusesWith(verifier, await ofOne(), 'keys_unavailable');
      assert.deepEqual([server.requests, elsewhere.connections, elsewhere.requests], [1, 0, 0]);
      assert.deepEqual(results, ['error']);
    });

  for (const [what, behave] of Object.entries({ hang, reset, garbage, trickle }))
    it(`is given up if the server knows only how to ${what}`, async (t) => {
      const server = await faultyServer(behave);
      t.after(() => server.close());
      const { verifier, results } = verifierAt(t, server.endpoint, { fetch: 100 });
      await refusesWith(verifier, await ofOne(), 'keys_unavailable');
      assert.equal(server.connections, 1);
      assert.deepEqual(results, ['error']);
    });

  it('is given up if nothing listens, which is logged once and without secrets', async (t) => {
    const { verifier, clock, results, lines } = verifierAt(t, `${await deadEndpoint()}/keys?token=dear`);
    const token = await ofOne();
    await refusesWith(verifier, token, 'keys_unavailable');
    clock.now += 5_000;
    await refusesWith(verifier, token, 'keys_unavailable');
    assert.deepEqual(results, ['error', 'error']);
    assert.equal(lines.length, 1);
    assert.match(JSON.stringify(lines), /ECONNREFUSED/);
    assert.doesNotMatch(JSON.stringify(lines), /dear/);
  });

  it('may hold keys of any kind; only suitable ones are used', async (t) => {
    const ec = ecPair();
    const { verifier } = await providerAt(
      t,
      keySet(
        { kty: 'oct', kid: 'one', k: 'c2VjcmV0', alg: 'HS256' },
        { kty: 'XYZ', kid: 'one' },
        { ...ONE, use: 'enc' },
        { ...jwkOf(rsaPair(1024).publicKey, 'small') },
        { ...one.privateKey.export({ format: 'jwk' }), kid: 'private' },
        { ...ONE, n: 'AQAB', kid: 'broken' },
        jwkOf(ec.publicKey, 'ec', 'ES256'),
      ),
    );
    await accepts(verifier, await signed(ec.privateKey, LONG, { alg: 'ES256', kid: 'ec' }));
    await accepts(verifier, await signed(ec.privateKey, LONG, { alg: 'ES256' }));
    await refusesWith(verifier, await ofOne(), 'unknown_key');
    await refusesWith(verifier, await signed(one.privateKey, LONG, { kid: 'ec' }), 'unknown_key');
    await refusesWith(verifier, await signed(one.privateKey, LONG, { kid: 'private' }), 'unknown_key');
    for (const kid of ['small', 'broken'])
      await refusesWith(verifier, await signed(one.privateKey, LONG, { kid }), 'unknown_key');
    const secret = Buffer.from('secret'.padEnd(32, '\0'));
    await refusesWith(verifier, await signed(secret, LONG, { alg: 'HS256', kid: 'one' }), 'algorithm_not_allowed');
  });

  it('is tried key by key for a token that names none', async (t) => {
    const three = rsaPair();
    const { server, verifier } = await providerAt(t, keySet(ONE, TWO, jwkOf(rsaPair().publicKey, undefined)));
    await accepts(verifier, await signed(two.privateKey, LONG));
    await refusesWith(verifier, await signed(three.privateKey, LONG), 'wrong_signature');
    await refusesWith(verifier, await signed(two.privateKey, { ...LONG, aud: 'x' }), 'wrong_audience');
    assert.equal(server.requests, 1);
  });

  it('is not fetched from a URL in a token', async (t) => {
    const evil = await startJwksServer(keySet(TWO));
    t.after(() => evil.close());
    const { verifier } = await providerAt(t, keySet(ONE));
    for (const header of [{ jku: evil.url }, { x5u: evil.url }, { kid: evil.url }])
      await outcome(verifier, await signed(two.privateKey, LONG, header)).then((failure) => {
        assert.match(String((failure as { reason?: string }).reason), /header_not_allowed|unknown_key/);
      });
    await refusesWith(verifier, await signed(two.privateKey, { ...LONG, iss: evil.url }), 'wrong_issuer');
    assert.deepEqual([evil.requests, evil.connections], [0, 0]);
  });
});

describe('a closed verifier', () => {
  it('leaves no connection, and fetches nothing', async (t) => {
    const { server, verifier, clock, results } = await providerAt(t, keySet(ONE));
    await accepts(verifier, await ofOne());
    await verifier.close();
    await verifier.close();
    await server.quiet();
    clock.now += 60 * MINUTE;
    await refusesWith(verifier, await ofOne(), 'keys_unavailable');
    assert.equal(server.requests, 1);
    assert.deepEqual(results, ['success']);
  });

  it('gives up the fetch that is running', async (t) => {
    let asked: () => void;
    const request = new Promise<void>((resolve) => (asked = resolve));
    const { server, verifier, results, lines } = await providerAt(t, () => asked());
    const token = await ofOne();
    const refused = refusesWith(verifier, token, 'keys_unavailable');
    await request;
    await verifier.close();
    await refused;
    await server.quiet();
    assert.deepEqual([results, lines], [[], []]);
  });

  it('kept neither a connection nor a timer after its fetches', async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const connections: unknown[] = [];
    const { server, verifier } = await providerAt(t, (request, response) => {
      connections.push(request.headers.connection);
      keySet(ONE)(request, response);
    });
    const before = timers();
    await accepts(verifier, await ofOne());
    await server.quiet();
    assert.deepEqual(connections, ['close']);
    assert.equal(timers(), before);
  });
});
