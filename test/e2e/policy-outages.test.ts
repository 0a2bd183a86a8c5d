/** Policy engines through the running gateway, as time goes by: when the body is asked for, outages, several engines, memory. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { OPEN_MILLIS } from '../../src/authz/breaker.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { faultyServer, hang } from '../support/faulty-server.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const SECRET = 'a-secret-of-the-provider-and-the-gateway';
const YES = '{"result":true,"allowed":true}';
const NO = '{"result":false,"allowed":false}';
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const says = (document: string, status = 200) => {
  return (_: unknown, response: ServerResponse): void => void response.writeHead(status).end(document);
};
/** Attributes as plain values. */
const valuesOf = (span: DecodedSpan | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(span?.attributes ?? {}).map(([name, value]) => [name, Object.values(value)[0]]));

describe('a bucket with policy engines', () => {
  let store: RawStore;
  let opa: FakeEngine;
  let openfga: FakeEngine;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  let authorization: string;

  before(async () => {
    [store, opa, openfga, collector] = await Promise.all([
      RawStore.start(),
      FakeEngine.start(),
      FakeEngine.start(),
      receiveHttp(),
    ]);
    const gone = await FakeEngine.start();
    const nobody = gone.url;
    await gone.close();
    const asOpa = { url: opa.url, policy_path: 'mizuchi/allow', timeout_seconds: 10 };
    const asOpenFga = { url: openfga.url, store_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', timeout_seconds: 10 };
    const authz: Readonly<Record<string, object>> = {
      uploads: { opa: asOpa },
      failing: { opa: asOpa },
      remembering: { opa: { ...asOpa, cache_ttl_seconds: 60 } },
      both: { openfga: asOpenFga, opa: asOpa },
      gone: { opa: { ...asOpa, url: nobody } },
    };
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: Object.entries(authz).map(([name, engines]) => ({
        name,
        path_prefix: `/${name}`,
        s3,
        auth: { jwt: { algorithm: 'HS256', secret: SECRET } },
        authz: engines,
      })),
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
    const token = new SignJWT({ sub: 'anna' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h');
    authorization = `Bearer ${await token.sign(Buffer.from(SECRET))}`;
  });
  beforeEach(() => {
    store.requests.length = 0;
    for (const engine of [opa, openfga]) {
      engine.behaviour = undefined;
      engine.questions.length = 0;
    }
  });
  after(async () => {
    await gateway.close();
    await Promise.all([store.close(), opa.close(), openfga.close(), collector.close()]);
  });

  const put = (bucket: string): Promise<Answer> => send(gateway.url, 'PUT', `/${bucket}/k`, 'hello', { authorization });
  /** Announces a body of five bytes and sends none of it. */
  const announce = async (bucket: string, header = ''): Promise<RawClient> => {
    const client = await RawClient.connect(gateway.url);
    client.write(
      `PUT /${bucket}/k HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${authorization}\r\nContent-Length: 5\r\n${header}\r\n`,
    );
    return client;
  };
  const spansOf = async ({ headers }: Answer): Promise<Record<string, DecodedSpan>> => {
    const traceId = /00-([0-9a-f]{32})-/.exec(String(headers['server-timing']))?.[1];
    const found = () => collector.spans().filter((span) => span.traceId === traceId);
    await collector.until(() => found().some(({ name }) => name === 'http.server.request'));
    return Object.fromEntries(found().map((span) => [span.name, span]));
  };
  const breakerOf = async (bucket: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`)).text();
    return Number(
      new RegExp(`^mizuchi_authz_breaker_state\\{bucket="${bucket}",engine="opa"\\} (.*)$`, 'm').exec(text)?.[1],
    );
  };

  describe('and the body', () => {
    it('is requested when the engine has allowed it, and not before', async (t) => {
      const asked = new Promise<ServerResponse>((resolve) => {
        opa.behaviour = (_, response) => resolve(response);
      });
      const client = await announce('uploads', 'Expect: 100-continue\r\n');
      t.after(() => client.destroy());
      const response = await asked;
      assert.equal(client.received, '');
      response.end(YES);
      await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      client.write('hello');
      await client.until(/HTTP\/1\.1 200 /);
      assert.equal(store.requests[0]?.body.toString(), 'hello');
    });

    for (const header of ['', 'Expect: 100-continue\r\n']) {
      it(`stays unsent when the engine has denied it, ${header === '' ? 'and nothing is waited for' : 'and unasked for'}`, async (t) => {
        opa.behaviour = says(NO);
        const client = await announce('uploads', header);
        t.after(() => client.destroy());
        await client.until(/<\/Error>/);
        assert.match(client.received, /^HTTP\/1\.1 403 /, 'no 100 Continue before it');
        assert.match(client.received, /<Code>AccessDenied<\/Code>/);
        assert.equal(store.requests.length, 0);
      });
    }

    it('stays unsent when there is no engine', async (t) => {
      const client = await announce('gone', 'Expect: 100-continue\r\n');
      t.after(() => client.destroy());
      await client.until(/<\/Error>/);
      assert.match(client.received, /^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/is);
      const answer = await put('gone');
      assert.deepEqual([answer.status, codeOf(answer)], [503, 'ServiceUnavailable']);
      const spans = await spansOf(answer);
      assert.equal(valuesOf(spans['authz.check'])['authz.reason'], 'engine_unreachable');
      assert.equal(valuesOf(spans['authz.opa'])['error.type'], 'engine_unreachable');
      assert.equal(store.requests.length, 0);
    });
  });

  it('leaves an engine alone that fails, tells so, and finds out when it is back', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    opa.behaviour = says(YES, 500);
    for (let i = 0; i < 5; i++) {
      assert.equal(await breakerOf('failing'), 0);
      assert.equal((await put('failing')).status, 503);
    }
    assert.equal(await breakerOf('failing'), 2);

    opa.behaviour = undefined;
    const refused = await put('failing');
    assert.deepEqual(
      [refused.status, codeOf(refused), refused.headers['retry-after']],
      [503, 'ServiceUnavailable', '5'],
    );
    const spans = await spansOf(refused);
    const {
      'authz.decision': decision,
      'authz.reason': reason,
      'authz.breaker': breaker,
    } = valuesOf(spans['authz.check']);
    assert.deepEqual([decision, reason, breaker], ['error', 'breaker_open', 'open']);
    assert.equal(spans['authz.opa'], undefined);
    assert.deepEqual([opa.questions.length, store.requests.length], [5, 0]);
    assert.equal((await put('uploads')).status, 200, 'the breaker of another bucket is another');

    t.mock.timers.tick(OPEN_MILLIS);
    const probe = await put('failing');
    assert.equal(probe.status, 200);
    assert.equal(valuesOf((await spansOf(probe))['authz.opa'])['authz.breaker'], 'half_open');
    assert.equal(await breakerOf('failing'), 0);
  });

  it('may cache decisions, and the trace shows it', async () => {
    const traces = [await spansOf(await put('remembering')), await spansOf(await put('remembering'))];
    assert.deepEqual(
      traces.map((spans) => [valuesOf(spans['authz.check'])['authz.cached'], spans['authz.opa'] !== undefined]),
      [
        [false, true],
        [true, false],
      ],
    );
    assert.deepEqual([opa.questions.length, store.requests.length], [1, 2]);
  });

  it('leaves no connection to its engines behind when it closes', async (t) => {
    const authz = { opa: { url: opa.url, policy_path: 'mizuchi/allow' } };
    const leaving = await startGateway({ storeUrl: store.url, authz });
    t.after(() => leaving.close());
    const ended = new Promise<void>((resolve) => {
      opa.behaviour = (_, response) => {
        response.socket?.once('close', () => resolve());
        response.setHeader('keep-alive', 'timeout=600').end(YES);
      };
    });
    assert.equal((await send(leaving.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    await leaving.close();
    await ended;
  });

  it('queries all of them, in one order, each within a separate span', async () => {
    const answer = await put('both');
    assert.equal(answer.status, 200);
    const spans = await spansOf(answer);
    for (const name of ['authz.opa', 'authz.openfga'])
      assert.equal(spans[name]?.parentSpanId, spans['authz.check']?.spanId, name);
    assert.equal(valuesOf(spans['authz.check'])['authz.reason'], 'policy_allowed');
    assert.equal(openfga.questions[0]?.body.tuple_key.object, 'object:both/k');
  });

  for (const [what, first, second, status, askedSecond] of [
    ['the first denies', says(NO), undefined, 403, 0],
    ['the second denies', undefined, says(NO), 403, 1],
    ['the first gives no answer', says(YES, 503), undefined, 503, 0],
    ['the second gives no answer', undefined, says(YES, 503), 503, 1],
  ] satisfies [string, FakeEngine['behaviour'], FakeEngine['behaviour'], number, number][]) {
    it(`lets nothing through where ${what}`, async () => {
      opa.behaviour = first;
      openfga.behaviour = second;
      assert.equal((await put('both')).status, status);
      assert.deepEqual([opa.questions.length, openfga.questions.length], [1, askedSecond]);
      assert.equal(store.requests.length, 0);
    });
  }
});

it('an HTTPS engine that does not finish its handshakes gets the connections of all waiting requests at once', async () => {
  const engine = await faultyServer(hang);
  const store = await RawStore.start();
  const url = engine.endpoint.replace('http:', 'https:');
  const gateway = await startGateway({
    storeUrl: store.url,
    authz: { opa: { url, policy_path: 'mizuchi/allow', timeout_seconds: 3, cache_ttl_seconds: 0 } },
  });
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(gateway.url)));
  for (const [number, client] of clients.entries())
    client.write(`PUT /uploads/${number} HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\n\r\nx`);
  while (engine.connections < clients.length) await new Promise(setImmediate);
  for (const client of clients) client.socket.destroy();
  await gateway.close();
  await Promise.all([engine.close(), store.close()]);
});
