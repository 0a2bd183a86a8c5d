/**
 * Every second of a request is explained: a slowdown in one place is in the measure of that place and in no other, and the
 * places add up to the length of the request.
 */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { FakeEngine } from '../support/fake-engine.ts';
import { RawClient, send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { COMPLETED, CREATED } from '../support/multipart.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { type Place, placesOf } from '../support/places-of-time.ts';
import { answering, answerWell, type Behaviour, RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

/** Milliseconds of a slowdown; seconds that its place has at least, and any other place at most. */
const SLOW = 400;
const LEAST = 0.39;
const MOST = 0.2;
/**
 * Other load of the machine is a slowdown, too: it makes any measure longer. A request that reaches a line late waits there for less
 * than the slowdown of the request before it.
 */
const TRIES = 15;
/** Places within the wait for the store. */
const OF_THE_STORE: readonly Place[] = [
  'DNS of the store',
  'TCP connect to the store',
  'TLS handshake with the store',
  'store that reads',
  'store that responds',
];
const MIB = 1024 ** 2;
const SECRET = 'a-secret-of-the-provider-and-the-gateway';
const PATH = '/uploads/slow';
const PUT = `PUT ${PATH} HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n`;

describe('a slowdown', () => {
  let collector: OtlpReceiver;
  let store: RawStore;
  let tlsStore: RawStore;
  let provider: IdentityProvider;
  let engine: FakeEngine;
  let directory: string;
  let authorization: string;

  before(async () => {
    collector = await receiveHttp();
    store = await RawStore.start();
    tlsStore = await RawStore.start({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE });
    provider = await IdentityProvider.start();
    engine = await FakeEngine.start();
    directory = await mkdtemp(join(tmpdir(), 'slow-places-'));
    await writeFile(join(directory, 'ca.pem'), SELF_SIGNED_CERTIFICATE);
    const token = new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h');
    authorization = `Bearer ${await token.sign(Buffer.from(SECRET))}`;
  });
  after(async () => {
    await Promise.all([store.close(), tlsStore.close(), provider.close(), engine.close(), collector.close()]);
    await rm(directory, { recursive: true });
  });

  const start = async (test: TestContext, options: Partial<GatewayOptions> = {}): Promise<TestGateway> => {
    const tracing = {
      enabled: true,
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 5 },
    };
    const gateway = await startGateway({ storeUrl: store.url, directory, tracing, ...options });
    test.after(async () => {
      store.behaviour = answerWell;
      engine.behaviour = undefined;
      await gateway.close();
    });
    return gateway;
  };
  const put = async ({ url }: TestGateway, path = PATH, body: string | Buffer = 'hello', headers = {}) =>
    assert.equal((await send(url, 'PUT', path, body, headers)).status, 200);
  /** The trace of the last request for the slow object. */
  const traceOf = async ({ log }: TestGateway): Promise<DecodedSpan[]> => {
    const { trace_id } = log.findLast(({ path }) => path === PATH)!;
    const mine = () => collector.spans().filter(({ traceId }) => traceId === trace_id);
    await collector.until(() => mine().some(({ name }) => name === 'http.server.request'));
    return mine();
  };
  const withEngine = () => ({
    auth: { jwt: { algorithm: 'HS256', secret: SECRET } },
    authz: { opa: { url: engine.url, policy_path: 'a/allow', max_concurrent: 1 } },
  });
  const slowEngine = (): void => {
    engine.behaviour = (_, response) => {
      engine.behaviour = undefined;
      setTimeout(() => response.end('{"result":true}'), SLOW);
    };
  };
  /** The first request only. */
  const slowOnce = (slow: Behaviour): void => {
    store.behaviour = (...exchange) => {
      store.behaviour = answerWell;
      return slow(...exchange);
    };
  };
  const respondLate: Behaviour = async (request, response, record) => {
    await delay(SLOW);
    await answerWell(request, response, record);
  };
  const write = async ({ url }: TestGateway, test: TestContext, ...texts: readonly string[]): Promise<void> => {
    const client = await RawClient.connect(url);
    test.after(() => client.destroy());
    for (const [i, text] of texts.entries()) {
      if (i > 0) await delay(SLOW);
      client.write(text);
    }
    await client.until(/ 200 OK/);
  };

  /** Each returns the gateway that has served the slow request. */
  const SLOWDOWNS: readonly (readonly [Place, string, (test: TestContext) => Promise<TestGateway>])[] = [
    [
      'headers of the client',
      'before their end',
      async (test) => {
        const gateway = await start(test);
        await write(gateway, test, PUT, '\r\nhello');
        return gateway;
      },
    ],
    [
      'headers of the client',
      'within the method, in the second request of a connection',
      async (test) => {
        const gateway = await start(test);
        const client = await RawClient.connect(gateway.url);
        test.after(() => client.destroy());
        client.write(`${PUT}\r\nhello`);
        await client.until(/200 OK/);
        await delay(SLOW); // the connection is idle
        client.write('PU');
        await delay(SLOW);
        client.write(`${PUT.slice(2)}\r\nhello`);
        await client.until(/200 OK[\s\S]*200 OK/);
        return gateway;
      },
    ],
    [
      'previous request of the connection',
      'with a slow store',
      async (test) => {
        const gateway = await start(test);
        const client = await RawClient.connect(gateway.url);
        test.after(() => client.destroy());
        slowOnce(respondLate);
        client.write(`${PUT.replace('slow', 'first')}\r\nhello${PUT}\r\nhello`);
        await client.until(/200 OK[\s\S]*200 OK/);
        return gateway;
      },
    ],
    [
      'body of the client',
      'within the body',
      async (test) => {
        const gateway = await start(test);
        await write(gateway, test, `${PUT}\r\nhe`, 'llo');
        return gateway;
      },
    ],
    [
      'body of the client',
      'after 100 Continue',
      async (test) => {
        const gateway = await start(test);
        await write(gateway, test, `${PUT}Expect: 100-continue\r\n\r\n`, 'hello');
        return gateway;
      },
    ],
    [
      'keys of the identity provider',
      'in the fetch',
      async (test) => {
        const gateway = await start(test, { auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl } } });
        provider.behaviour = async (_, response) => {
          provider.behaviour = undefined;
          await delay(SLOW);
          response.end(await (await fetch(provider.jwksUrl)).text());
        };
        await put(gateway, PATH, 'hello', { authorization: `Bearer ${await provider.token()}` });
        return gateway;
      },
    ],
    [
      'policy engine',
      'in its response',
      async (test) => {
        const gateway = await start(test, withEngine());
        slowEngine();
        await put(gateway, PATH, 'hello', { authorization });
        return gateway;
      },
    ],
    [
      'queue before the policy engine',
      'in the query of another request',
      async (test) => {
        const gateway = await start(test, withEngine());
        slowEngine();
        const first = put(gateway, '/uploads/first', 'hello', { authorization });
        const asked = engine.questions.length;
        while (engine.questions.length === asked) await delay(1);
        await put(gateway, PATH, 'hello', { authorization });
        await first;
        return gateway;
      },
    ],
    [
      'part memory',
      'in a part of another request',
      async (test) => {
        const upload = { multipart_threshold: '5MiB', part_size: '5MiB', memory_limit: '8MiB' };
        const gateway = await start(test, { upload });
        const { promise: stored, resolve: storeNow } = Promise.withResolvers<void>();
        store.behaviour = async (request, response, record) => {
          const isCreation = request.url!.includes('uploads=');
          if (request.method === 'POST')
            return answering(200, isCreation ? CREATED : COMPLETED)(request, response, record);
          if (request.url!.includes('/first')) await stored;
          return answerWell(request, response, record);
        };
        const body = Buffer.alloc(6 * MIB);
        const headers = { 'transfer-encoding': 'chunked' };
        const part = store.next();
        const first = put(gateway, '/uploads/first', body, headers);
        await part;
        const second = put(gateway, PATH, body, headers);
        await delay(2 * SLOW);
        storeNow();
        await Promise.all([first, second]);
        return gateway;
      },
    ],
    [
      'queue before the store',
      'in the call of another request',
      async (test) => {
        const gateway = await start(test, { s3: { max_connections: 1 } });
        slowOnce(respondLate);
        const called = store.next();
        const first = put(gateway, '/uploads/first');
        await called;
        await put(gateway);
        await first;
        return gateway;
      },
    ],
    [
      'DNS of the store',
      'in the lookup',
      async (test) => {
        const gateway = await start(test, { storeUrl: store.url.replace('127.0.0.1', 'localhost') });
        const { lookup } = dns;
        const slow = (host: string, ...rest: never[]) =>
          void setTimeout(() => lookup(host, ...(rest as unknown as [never])), host === 'localhost' ? SLOW : 0);
        const mock = test.mock.method(dns, 'lookup', slow as unknown as typeof lookup);
        await put(gateway);
        mock.mock.restore();
        return gateway;
      },
    ],
    [
      'TCP connect to the store',
      'in the network',
      async (test) => {
        const gateway = await start(test);
        const port = Number(new URL(store.url).port);
        const begin = Socket.prototype.connect;
        const slow = function (this: Socket, ...args: [[{ port: number | string }]]) {
          const now = () => begin.apply(this, args as never);
          if (Number(args[0][0].port) !== port) return now();
          setTimeout(now, SLOW);
          return this;
        };
        const mock = test.mock.method(Socket.prototype, 'connect', slow as never);
        await put(gateway);
        mock.mock.restore();
        return gateway;
      },
    ],
    [
      'TLS handshake with the store',
      'in its first message',
      async (test) => {
        const proxy = createServer(async (socket) => {
          await delay(SLOW);
          const onward = connect(Number(new URL(tlsStore.url).port), '127.0.0.1');
          for (const end of [socket, onward]) end.on('error', () => {}) && test.after(() => end.destroy());
          socket.pipe(onward).pipe(socket);
        }).listen(0, '127.0.0.1');
        await once(proxy, 'listening');
        test.after(() => proxy.close());
        const storeUrl = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const gateway = await start(test, { storeUrl, s3: { ca_file: 'ca.pem' } });
        await put(gateway);
        return gateway;
      },
    ],
    [
      'store that reads',
      'before it reads the body',
      async (test) => {
        const gateway = await start(test, { upload: { multipart_threshold: '1GiB' } });
        slowOnce(respondLate);
        await put(gateway, PATH, Buffer.alloc(24 * MIB));
        return gateway;
      },
    ],
    [
      'store that responds',
      'after it has the body',
      async (test) => {
        const gateway = await start(test);
        slowOnce(respondLate);
        await put(gateway);
        return gateway;
      },
    ],
    [
      'pause before another attempt',
      'after each of two failures',
      async (test) => {
        const gateway = await start(test, { upload: { multipart_threshold: '5MiB', part_size: '5MiB' } });
        let failures = 0;
        store.behaviour = (request, response, record) => {
          const isCreation = request.url!.includes('uploads=');
          if (request.method === 'POST')
            return answering(200, isCreation ? CREATED : COMPLETED)(request, response, record);
          if (!request.url!.includes('partNumber=2') || failures++ > 1) return answerWell(request, response, record);
          return answering(500, '<Error><Code>InternalError</Code></Error>')(request, response, record);
        };
        test.mock.method(Math, 'random', () => 0.999); // the longest pauses: 200 ms and 400 ms
        await put(gateway, PATH, Buffer.alloc(6 * MIB));
        return gateway;
      },
    ],
  ];

  for (const [place, where, slow] of SLOWDOWNS) {
    it(`of the ${place}, ${where}, is in this place and in no other`, async (test) => {
      for (let tries = TRIES; ; tries--) {
        const spans = await traceOf(await slow(test));
        const places = placesOf(spans);
        const own = places.find(([name]) => name === place)![1];
        const expected = OF_THE_STORE.includes(place) ? [place, 'wait for the store'] : [place];
        const others = places.filter(([name, seconds]) => !expected.includes(name) && seconds > MOST);
        if (own >= LEAST && others.length === 0) return;
        if (tries > 1) continue;
        assert.ok(own >= LEAST, `${own} s of ${JSON.stringify(places)}`);
        assert.deepEqual(others, []);
      }
    });
  }
});
