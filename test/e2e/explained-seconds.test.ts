/** The places in which a request waits add up to its length, as its trace tells both. */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { FakeEngine } from '../support/fake-engine.ts';
import { RawClient } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { PLACES, placesOf, secondsOf, unexplained } from '../support/places-of-time.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway } from '../support/start-gateway.ts';

/** Milliseconds for which each place is slow. */
const SLOW = 40;
/** Seconds of a span that may be in none of its parts. */
const MOST = 0.002;
/** Other load of the machine adds to the rest, and never takes from it: one quiet moment for each span is enough. */
const TRIES = 40;
const SLOW_PLACES = [
  'headers of the client',
  'keys of the identity provider',
  'policy engine',
  'body of the client',
  'DNS of the store',
  'store that responds',
];

describe('the time of a request', () => {
  let collector: OtlpReceiver;
  let store: RawStore;
  let provider: IdentityProvider;
  let engine: FakeEngine;

  before(async () => {
    collector = await receiveHttp();
    store = await RawStore.start();
    provider = await IdentityProvider.start();
    engine = await FakeEngine.start();
    store.behaviour = async (request, response, record) => {
      await delay(SLOW);
      await answerWell(request, response, record);
    };
    engine.behaviour = (_, response) => void setTimeout(() => response.end('{"result":true}'), SLOW);
  });
  after(() => Promise.all([store.close(), provider.close(), engine.close(), collector.close()]));

  const slowKeys = (): void => {
    provider.behaviour = async (_, response) => {
      provider.behaviour = undefined;
      await delay(SLOW);
      response.end(await (await fetch(provider.jwksUrl)).text());
    };
  };
  const slowDns = (test: TestContext): void => {
    const { lookup } = dns;
    const slow = (host: string, ...rest: never[]) =>
      void setTimeout(() => lookup(host, ...(rest as unknown as [never])), host === 'localhost' ? SLOW : 0);
    test.mock.method(dns, 'lookup', slow as unknown as typeof lookup);
  };

  /** A request that is slow everywhere, on new connections. */
  const slowRequest = async (): Promise<readonly DecodedSpan[]> => {
    slowKeys();
    const gateway = await startGateway({
      storeUrl: store.url.replace('127.0.0.1', 'localhost'),
      auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl } },
      authz: { opa: { url: engine.url, policy_path: 'a/allow' } },
      tracing: { enabled: true, otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
    });
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nExpect: 100-continue\r\n');
    await delay(SLOW);
    client.write(`Authorization: Bearer ${await provider.token()}\r\n\r\n`);
    await client.until(/100 Continue/);
    await delay(SLOW);
    client.write('hello');
    await client.until(/200 OK/);
    client.destroy();
    await gateway.close();
    const { trace_id } = gateway.log.findLast(({ message }) => message === 'request')!;
    return collector.spans().filter(({ traceId }) => traceId === trace_id);
  };

  it('is the sum of its parts, but for 2 ms, and so is that of its spans', async (test) => {
    slowDns(test);
    const least = new Map<string, number>();
    for (let tries = 0; tries < TRIES; tries++) {
      const spans = await slowRequest();
      for (const [span, rest] of unexplained(spans)) {
        assert.ok(rest >= 0, `${span} ${rest} s: a time counts twice in ${JSON.stringify(placesOf(spans))}`);
        least.set(span, Math.min(rest, least.get(span) ?? rest));
      }
      for (const place of SLOW_PLACES) {
        const seconds = PLACES[place as keyof typeof PLACES](spans);
        assert.ok(seconds >= (SLOW - 5) / 1000, `${place}: ${seconds} s`);
      }
      assert.ok(secondsOf(spans.find(({ name }) => name === 'http.server.request')!) > (6 * SLOW) / 1000);
      if (Math.max(...least.values()) <= MOST) return;
    }
    assert.fail(`too much is unexplained: ${JSON.stringify([...least])}`);
  });

  for (const tls of [false, true]) {
    it(`begins with its first byte, also if its headers never end, ${tls ? 'over TLS' : 'over HTTP'}`, async (test) => {
      const directory = await mkdtemp(join(tmpdir(), 'explained-seconds-'));
      test.after(() => rm(directory, { recursive: true }));
      await writeFile(join(directory, 'cert.pem'), SELF_SIGNED_CERTIFICATE);
      await writeFile(join(directory, 'key.pem'), SELF_SIGNED_KEY);
      const files = { cert_file: 'cert.pem', key_file: 'key.pem' };
      const gateway = await startGateway({
        storeUrl: store.url,
        directory,
        server: { header_timeout_seconds: 0.5, ...(tls && { tls: files }) },
        tracing: { enabled: true, otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
      });
      const port = gateway.app.port;
      const ca = SELF_SIGNED_CERTIFICATE;
      const socket = tls ? connectTls({ port, host: '127.0.0.1', ca }) : connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, tls ? 'secureConnect' : 'connect');
      socket.write('PUT /uploads/k HTTP/1.1\r\nHo');
      const [answer] = await once(socket, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 4/);
      socket.destroy();
      await gateway.close();
      const { trace_id, duration_seconds } = gateway.log.findLast(({ message }) => message === 'request')!;
      const [root] = collector.spans().filter(({ traceId }) => traceId === trace_id);
      const waited = PLACES['headers of the client']([root!]);
      assert.ok(waited >= 0.45, `${waited} s`);
      for (const whole of [secondsOf(root!), Number(duration_seconds)]) assert.ok(whole >= waited, `${whole} s`);
    });
  }
});
