/** Root causes of failed calls, as the span of the call, the log line and the client's response show them. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { CREATED } from '../support/multipart.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, type Behaviour, RawStore } from '../support/raw-store.ts';
import { attributesOf } from '../support/request-trace.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
const ERROR = 2;
const NOWHERE = 'http://127.0.0.1:1';
const NO_NAME = 'http://store.invalid:9000';

describe('the root cause', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let provider: IdentityProvider;
  const opened: { close(): Promise<void> }[] = [];

  const start = async (options: Partial<GatewayOptions>): Promise<TestGateway> => {
    const tracing = {
      enabled: true,
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 20 },
    };
    const gateway = await startGateway({ storeUrl: store.url, tracing, ...options });
    opened.push(gateway);
    return gateway;
  };
  /** The spans of the trace of the last log line, once there is one with this name. */
  const spansOf = async (gateway: TestGateway, name: string): Promise<DecodedSpan[]> => {
    const { trace_id } = requestLine(gateway);
    const mine = () => collector.spans().filter(({ traceId }) => traceId === trace_id);
    await collector.until(() => mine().some((span) => span.name === name) && mine().some(isRoot));
    return mine();
  };

  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    provider = await IdentityProvider.start();
  });
  after(async () => {
    for (const each of opened.reverse()) await each.close();
    await Promise.all([store.close(), provider.close()]);
    await collector.close();
  });

  const secure = () => RawStore.start({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE });
  const STORES: readonly (readonly [what: string, reason: RegExp, cause: RegExp, endpoint: () => Promise<string>])[] = [
    ['a name that does not exist', /^(ENOTFOUND|EAI_AGAIN)$/, /host name has no address/, async () => NO_NAME],
    ['a closed port', /^ECONNREFUSED$/, /was refused/, async () => NOWHERE],
    [
      'a reset connection',
      /^ECONNRESET$/,
      /was reset/,
      () => listening((socket) => void socket.once('data', () => socket.resetAndDestroy())),
    ],
    [
      'a certificate that is not trusted',
      /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
      /certificate is not accepted/,
      async () => {
        const untrusted = await secure();
        opened.push(untrusted);
        return untrusted.url;
      },
    ],
    [
      'plain HTTP behind https://',
      /^(EPROTO|ERR_SSL_\w+)$/,
      /TLS handshake failed/,
      async () => store.url.replace('http:', 'https:'),
    ],
  ];
  async function listening(onSocket: (socket: Socket) => void): Promise<string> {
    const server: Server = createServer((socket) => onSocket(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => void server.close(() => resolve())) });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  for (const [what, reason, cause, endpoint] of STORES) {
    it(`of a store that cannot be reached is known everywhere: ${what}`, async () => {
      const gateway = await start({ s3: { endpoint: await endpoint() } });
      const { body, status } = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
      assert.ok(status >= 502, body);
      const spans = await spansOf(gateway, 'aws.s3.put_object');
      const line = requestLine(gateway);
      assert.match(String(line.error_reason), reason);
      for (const name of ['http.server.request', 's3.upload', 'aws.s3.put_object']) {
        for (const span of spans.filter((each) => each.name === name)) {
          assert.equal(attributesOf(span)['error.reason'], line.error_reason, name);
          assert.equal(span.status.code, ERROR);
        }
      }
      assert.match(body, cause);
      assert.doesNotMatch(body, /127\.0\.0\.1|invalid|:\d|ECONN|ERR_/);
    });
  }

  it('of a policy engine is on its span, and in the response without its address', async () => {
    const gateway = await start({
      auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl } },
      authz: { opa: { url: NOWHERE, policy_path: 'a/allow' } },
    });
    const authorization = `Bearer ${await provider.token()}`;
    const { status, body } = await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization });
    assert.equal(status, 503);
    assert.match(body, /Cause: the connection was refused\./);
    assert.doesNotMatch(body, /127\.0\.0\.1/);
    const spans = await spansOf(gateway, 'authz.opa');
    assert.equal(attributeOf(spans, 'authz.opa', 'error.reason'), 'ECONNREFUSED');
    assert.equal(attributeOf(spans, 'http.server.request', 'error.reason'), 'engine_unreachable');
    assert.match(String(requestLine(gateway).error_detail), /ECONNREFUSED/);
  });

  it('of an identity provider is on the CLIENT span of the fetch, whose trace id is in the log line', async () => {
    const jwks_url = 'http://127.0.0.1:1/keys';
    const gateway = await start({ auth: { jwt: { algorithms: ['RS256'], jwks_url } } });
    const authorization = `Bearer ${await provider.token()}`;
    const { status, body } = await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization });
    assert.equal(status, 503);
    assert.match(body, /Cause: the connection was refused\./);
    assert.doesNotMatch(body, /127\.0\.0\.1/);
    const spans = await spansOf(gateway, 'auth.fetch_keys');
    const fetch = spans.find(({ name }) => name === 'auth.fetch_keys')!;
    const attributes = attributesOf(fetch);
    assert.equal(attributes['url.full'], 'http://127.0.0.1:1/keys');
    assert.equal(attributes['error.reason'], 'ECONNREFUSED');
    assert.equal(fetch.parentSpanId, spans.find(({ name }) => name === 'auth.verify')!.spanId);
    const line = gateway.log.find(({ message }) => message.startsWith('identity provider'))!;
    assert.deepEqual([line.trace_id, line.span_id], [fetch.traceId, fetch.spanId]);
  });

  it('of a fetch of keys without an error is nothing: the span has the status', async () => {
    const gateway = await start({ auth: { jwt: { algorithms: ['RS256'], jwks_url: provider.jwksUrl } } });
    const authorization = `Bearer ${await provider.token()}`;
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello', { authorization })).status, 200);
    const spans = await spansOf(gateway, 'auth.fetch_keys');
    assert.equal(attributeOf(spans, 'auth.fetch_keys', 'http.response.status_code'), '200');
    assert.equal(attributeOf(spans, 'auth.fetch_keys', 'error.type'), undefined);
  });

  it('of a cancelled attempt is the client, not the store', async () => {
    const gateway = await start({});
    const headers = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const body = Buffer.alloc(2 * MIB);
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', body, headers)).status, 400);
    const spans = await spansOf(gateway, 'aws.s3.put_object');
    const attempt = spans.find(({ name }) => name === 'aws.s3.put_object')!;
    assert.equal(attempt.status.code, 0);
    assert.equal(attributesOf(attempt)['s3.cancellation_reason'], 'checksum_mismatch');
    assert.equal(attributesOf(attempt)['error.type'], undefined);
  });

  it('of a failed split is one part, and the others are cancelled for it', async () => {
    const gateway = await start({ upload: { multipart_threshold: '5MiB', part_size: '5MiB', concurrent_parts: 2 } });
    let second: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (second = resolve));
    const behaviour: Behaviour = (request, response, record) => {
      if (request.method === 'POST') return answering(200, CREATED)(request, response, record);
      if (request.method === 'DELETE') return void response.writeHead(204).end();
      if (request.url!.includes('partNumber=2')) {
        second!();
        return void request.resume();
      }
      return arrived.then(() => answering(403, '<Error><Code>AccessDenied</Code></Error>')(request, response, record));
    };
    store.behaviour = behaviour;
    await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(11 * MIB));
    store.behaviour = answerWell;
    const spans = await spansOf(gateway, 'aws.s3.abort_multipart_upload');
    assert.equal(attributeOf(spans, 's3.upload', 'upload.method'), 'multipart');
    assert.equal(attributeOf(spans, 's3.upload', 'upload.parts'), '2');
    const parts = spans.filter(({ name }) => name === 'aws.s3.upload_part');
    const outcomes = parts.map((span) => [
      span.status.code,
      attributesOf(span)['error.type'],
      attributesOf(span)['s3.cancellation_reason'],
    ]);
    assert.deepEqual(outcomes.toSorted(), [
      [0, undefined, 'store_refused_gateway'],
      [ERROR, 'store_refused_gateway', undefined],
    ]);
  });
});

const isRoot = ({ name }: DecodedSpan): boolean => name === 'http.server.request';
const requestLine = ({ log }: TestGateway) => log.findLast(({ message }) => message === 'request')!;

function attributeOf(spans: readonly DecodedSpan[], name: string, attribute: string): unknown {
  return attributesOf(spans.find((span) => span.name === name))[attribute];
}
