/** Policy engines, asked by the running gateway: nothing but a clear yes lets a request through, or even a byte of its body. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { signed } from '../support/aws-signer.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import type { DecodedValue } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { sealedId } from '../support/sealed-id.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const STORE_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const TIMEOUT_SECONDS = 0.25;
const DEVICE = { access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7', subject: 'device-7' };
const AUTH = { sigv4: { region: 'us-east-1', credentials: [DEVICE] } };
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

/** What an attribute holds. */
const plain = (value: DecodedValue | undefined): unknown => Object.values(value ?? {})[0];

type Answering = (response: ServerResponse, request: IncomingMessage) => void;
const json =
  (text: string, status = 200): Answering =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
/** As it goes over the wire, and then the connection ends. */
const raw =
  (text: string): Answering =>
  (response) =>
    void response.socket?.end(text);

const trickle: Answering = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};

/** What an engine may do, and what becomes of the upload. */
const UNCLEAR: readonly (readonly [what: string, answer: Answering, status: number, reason: string])[] = [
  ['hangs', () => {}, 503, 'engine_timeout'],
  ['never comes to its end', trickle, 503, 'engine_timeout'],
  ['resets the connection', (response) => void response.socket?.resetAndDestroy(), 503, 'engine_reset'],
  ['closes without a word', raw(''), 503, 'engine_reset'],
  ['breaks off', raw('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"result":true'), 503, 'engine_reset'],
  ['does not speak HTTP', raw('yes, of course\r\n\r\n'), 503, 'engine_reset'],
  ['fails', json('{"result":true,"allowed":true}', 500), 503, 'engine_failed'],
  ['has too much to do', json('{"result":true,"allowed":true}', 429), 503, 'engine_failed'],
  ['knows no such document', json('{"result":true,"allowed":true}', 404), 503, 'engine_refused'],
  ['wants another token', json('{"result":true,"allowed":true}', 401), 503, 'engine_refused'],
  ['answers with nothing', (response) => void response.writeHead(204).end(), 503, 'engine_failed'],
  ['answers with a yes that is none', json('{"result":true,"allowed":true}', 201), 503, 'engine_failed'],
  ['sends no JSON', json('result=true'), 503, 'engine_answer_not_json'],
  ['sends half of a JSON', json('{"result":true,"allowed":true'), 503, 'engine_answer_not_json'],
  ['sends two documents', json('{"result":true,"allowed":true}{}'), 503, 'engine_answer_not_json'],
  [
    'sends too much',
    json(`{"result":true,"allowed":true,"x":"${'x'.repeat(70_000)}"}`),
    503,
    'engine_answer_too_large',
  ],
  ['sends it all without an end', raw('HTTP/1.1 200 OK\r\n\r\n{"result":'), 503, 'engine_answer_not_json'],
];

const NOT_ALLOWED_BY_OPA = [
  '{}',
  '{"result":false}',
  '{"result":null}',
  '{"result":1}',
  '{"result":"true"}',
  '{"result":[true]}',
  '{"result":{}}',
  '{"result":{"allow":"true"}}',
  '{"result":{"allow":1,"reason":"x"}}',
  '{"result":{"result":true}}',
  '{"allow":true}',
  '{"__proto__":{"result":true}}',
  '[{"result":true}]',
  'true',
  'null',
];
const NOT_ALLOWED_BY_OPENFGA = [
  '{}',
  '{"allowed":false}',
  '{"allowed":"true"}',
  '{"allowed":1}',
  '[true]',
  'true',
  'null',
];

describe('a policy engine', () => {
  for (const engineName of ['opa', 'openfga'] as const) {
    describe(engineName, () => {
      const notAllowed = engineName === 'opa' ? NOT_ALLOWED_BY_OPA : NOT_ALLOWED_BY_OPENFGA;
      let store: RawStore;
      let engine: FakeEngine;
      let collector: OtlpReceiver;
      let gateway: TestGateway;
      let elsewhere: ReturnType<typeof createServer>;
      let redirected = 0;

      /** Each case has a bucket, and so a breaker, of its own. */
      const bucketOf = (name: string) => {
        const url = engine.url;
        const options = { url, timeout_seconds: TIMEOUT_SECONDS, token: 'the-token-of-the-engine' };
        const authz =
          engineName === 'opa'
            ? { opa: { ...options, policy_path: 'mizuchi/allow' } }
            : { openfga: { ...options, store_id: STORE_ID } };
        const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
        return { name, path_prefix: `/${name}`, s3, auth: AUTH, authz };
      };
      const names = ['allowed', 'denied', 'gone', 'many', ...UNCLEAR.map((_, i) => `unclear-${i}`), 'redirecting'];

      before(async () => {
        store = await RawStore.start();
        engine = await FakeEngine.start();
        collector = await receiveHttp();
        elsewhere = createServer((_, response) => {
          redirected++;
          response.end('{"result":true,"allowed":true}');
        });
        await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
        gateway = await startGateway({
          storeUrl: store.url,
          buckets: [...names, ...notAllowed.map((_, i) => `no-${i}`)].map(bucketOf),
          tracing: {
            enabled: true,
            otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
            batch: { scheduled_delay_millis: 20 },
          },
        });
      });
      beforeEach(() => {
        store.behaviour = answerWell;
        store.requests.length = 0;
        engine.behaviour = undefined;
        engine.questions.length = 0;
      });
      after(async () => {
        await gateway.close();
        elsewhere.close();
        await Promise.all([engine.close(), store.close(), collector.close()]);
      });

      const sign = (bucket: string, headers: Record<string, string> = {}) =>
        signed({
          url: gateway.url,
          path: `/${bucket}/k`,
          headers,
          payloadHash: 'UNSIGNED-PAYLOAD',
          accessKey: DEVICE.access_key,
          secretKey: DEVICE.secret_key,
        });
      const put = async (bucket: string): Promise<Answer> => {
        const { method, target, headers } = await sign(bucket);
        return send(gateway.url, method, target, 'hello', headers);
      };
      /** A request that announces a body and sends none of it. */
      const announce = async (bucket: string, extra: Record<string, string> = {}): Promise<RawClient> => {
        const { target, headers } = await sign(bucket, { 'content-length': '1000000', ...extra });
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        const client = await RawClient.connect(gateway.url);
        client.write(`PUT ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
        return client;
      };
      /** The spans of the trace of an answer, when all have come. */
      const spansOf = async ({ headers }: Answer) => {
        const traceId = /00-([0-9a-f]{32})-/.exec(String(headers['server-timing']))?.[1];
        const found = () => collector.spans().filter((span) => span.traceId === traceId);
        await collector.until(() => found().some(({ name }) => name === 'http.server.request'));
        return found();
      };

      it('that allows lets the upload through, and was queried within its trace', async () => {
        const answer = await put('allowed');
        assert.equal(answer.status, 200, answer.body);
        assert.equal(store.requests[0]?.body.toString(), 'hello');
        const spans = await spansOf(answer);
        const check = spans.find(({ name }) => name === 'authz.check');
        const call = spans.find(({ name }) => name === `authz.${engineName}`);
        assert.equal(plain(check?.attributes['authz.decision']), 'allow');
        assert.equal(plain(check?.attributes['authz.cached']), false);
        assert.equal(call?.parentSpanId, check?.spanId);
        assert.equal(plain(call?.attributes['authz.breaker']), 'closed');
        const [question] = engine.questions;
        assert.equal(question?.headers.traceparent?.toString().split('-')[2], call?.spanId);
        assert.equal(question?.headers.authorization, 'Bearer the-token-of-the-engine');
      });

      it('that denies has the last word, and the client does not learn why', async () => {
        engine.behaviour = (_, response) =>
          json('{"result":{"allow":false,"reason":"quota_used_up"},"allowed":false}')(response, _);
        const answer = await put('denied');
        assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
        assert.ok(!answer.body.includes('quota_used_up'));
        const check = (await spansOf(answer)).find(({ name }) => name === 'authz.check');
        assert.equal(plain(check?.attributes['authz.decision']), 'deny');
        assert.equal(plain(check?.attributes['authz.reason']), engineName === 'opa' ? 'quota_used_up' : 'no_relation');
        assert.equal(store.requests.length, 0);
      });

      for (const [i, document] of notAllowed.entries()) {
        it(`does not allow with ${document}`, async () => {
          engine.behaviour = (request, response) => json(document)(response, request);
          const answer = await put(`no-${i}`);
          assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
          assert.equal(store.requests.length, 0);
        });
      }

      for (const [i, [what, behave, status, reason]] of UNCLEAR.entries()) {
        it(`that ${what} means ${status}, without a byte of the body`, async () => {
          engine.behaviour = (request, response) => behave(response, request);
          const answer = await put(`unclear-${i}`);
          assert.equal(answer.status, status);
          assert.equal(answer.headers['retry-after'], '1');
          const check = (await spansOf(answer)).find(({ name }) => name === 'authz.check');
          assert.equal(plain(check?.attributes['authz.decision']), 'error');
          assert.equal(plain(check?.attributes['authz.reason']), reason);

          const waiting = await announce(`unclear-${i}`, { expect: '100-continue' });
          await waiting.until(/<\/Error>/);
          assert.match(waiting.received, new RegExp(`^HTTP/1.1 ${status} `), 'no 100 Continue before it');
          waiting.destroy();
          const sending = await announce(`unclear-${i}`);
          await sending.until(/<\/Error>/);
          assert.match(sending.received, new RegExp(`^HTTP/1.1 ${status} `));
          sending.destroy();
          assert.equal(store.requests.length, 0);
        });
      }

      it('that sends us elsewhere is not followed', async () => {
        const { port } = elsewhere.address() as AddressInfo;
        engine.behaviour = (_, response) =>
          void response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end('{"result":true,"allowed":true}');
        const answer = await put('redirecting');
        assert.equal(answer.status, 503);
        const check = (await spansOf(answer)).find(({ name }) => name === 'authz.check');
        assert.equal(plain(check?.attributes['authz.reason']), 'engine_redirected');
        assert.equal(redirected, 0);
        assert.equal(store.requests.length, 0);
      });

      it('whose asker goes away leaves a finished trace, and is not held to be ill', async () => {
        const abandoned = () =>
          collector.spans().filter(({ attributes }) => plain(attributes['error.type']) === 'client_aborted').length;
        for (let i = 1; i <= 6; i++) {
          const asked = new Promise<ServerResponse>((resolve) => {
            engine.behaviour = (_, response) => resolve(response);
          });
          const client = await announce('gone');
          const response = await asked;
          client.destroy();
          await collector.until(() => abandoned() >= 2 * i); // the request and its authz.check
          response.end('{"result":true,"allowed":true}');
        }
        engine.behaviour = undefined;
        assert.equal((await put('gone')).status, 200);
        assert.equal(store.requests.length, 1);
      });

      it('is queried for each request of a multipart upload', async () => {
        const id = sealedId('k', 'store-upload-1', { bucket: 'many', subject: DEVICE.subject });
        store.behaviour = answering(200, '<ListPartsResult/>');
        const { method, target, headers } = await signed({
          url: gateway.url,
          method: 'GET',
          path: '/many/k',
          query: { uploadId: id },
          accessKey: DEVICE.access_key,
          secretKey: DEVICE.secret_key,
        });
        assert.equal((await send(gateway.url, method, target, undefined, headers)).status, 200);
        const [question] = engine.questions;
        const context = engineName === 'opa' ? question?.body.input.context : question?.body.context;
        assert.deepEqual([context.upload_id, context.method], ['store-upload-1', 'GET']);
        engine.behaviour = (request, response) => json('{"result":false,"allowed":false}')(response, request);
        assert.equal((await send(gateway.url, method, target, undefined, headers)).status, 403);
        assert.equal(store.requests.length, 1);
      });
    });
  }
});
