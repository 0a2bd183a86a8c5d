/**
 * The examples against what they are for: Jaeger itself, and a real OpenTelemetry Collector with the exporters for AWS X-Ray and Google
 * Cloud Trace, which send to stubs of those clouds. What they write to a file while Jaeger is away is replayed into it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http, { type Server } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { startApp } from '../../src/app.ts';
import { replayFile } from '../../src/cli/replay.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { readFields } from '../../src/kit/protobuf.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { deadEndpoint } from '../support/faulty-server.ts';
import { type Answer, send } from '../support/http-client.ts';
import { keptLog } from '../support/tracing-config.ts';
import { eventually } from './support/eventually.ts';
import { freePorts } from './support/free-ports.ts';
import { type Jaeger, startJaeger } from './support/jaeger.ts';
import { type RealServer, startRealServer } from './support/real-server.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const SPANS = ['auth.verify', 'aws.s3.put_object', 'http.server.request', 's3.upload'];

describe('the examples', () => {
  let store: EmbeddedStore;
  before(async () => {
    store = await EmbeddedStore.start();
  });
  after(() => store.close());

  const environment = (endpoint: string): Record<string, string> => ({
    ADDRESS: '127.0.0.1:0',
    METRICS_ADDRESS: '127.0.0.1',
    METRICS_PORT: '0',
    STORE_ENDPOINT: store.url,
    STORE_ACCESS_KEY: STORE_KEYS.accessKey,
    STORE_SECRET_KEY: STORE_KEYS.secretKey,
    OTLP_ENDPOINT: endpoint,
  });

  /** Uploads one object through the example's gateway, and ends it, so that every span has gone. */
  async function upload(name: string, endpoint: string, headers: Record<string, string> = {}): Promise<Answer> {
    const file = fileOf(`${name}/config.yaml`);
    const config = parseConfig(await readFile(file, 'utf8'), file, environment(endpoint));
    const app = await startApp(config, { log: { ...keptLog(), close: async () => {} } });
    const answer = await send(`http://127.0.0.1:${app.port}`, 'PUT', '/uploads/hello.md', 'hello', headers);
    await app.close();
    assert.equal(answer.status, 200);
    return answer;
  }
  const traceIdOf = ({ headers }: Answer): string => /00-([0-9a-f]{32})-/.exec(String(headers['server-timing']))![1]!;

  describe('for Jaeger', () => {
    let jaeger: Jaeger;
    before(async () => {
      jaeger = await startJaeger();
    });
    after(() => jaeger.stop());

    it('shows the upload as one trace', async () => {
      const { spans } = await jaeger.trace(traceIdOf(await upload('jaeger', jaeger.endpoints.grpc)), SPANS.length);
      assert.deepEqual(spans.map(({ operationName }) => operationName).sort(), SPANS);
    });

    it('takes what the fallback has written, by replay and as JSON, as its own receiver reads it', async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'mizuchi-examples-'));
      t.after(() => rm(folder, { recursive: true }));
      const text = await readFile(fileOf('jaeger/config.yaml'), 'utf8');
      const file = join(folder, 'config.yaml');
      await writeFile(file, `${text}  fallback: file\n`);
      const config = parseConfig(await readFile(file, 'utf8'), file, environment(await deadEndpoint()));
      const app = await startApp(config, { log: { ...keptLog(), close: async () => {} }, directory: folder });
      const url = `http://127.0.0.1:${app.port}`;
      const replayed = await send(url, 'PUT', '/uploads/one', 'hello');
      await app.close();
      const spans = join(folder, 'spans.jsonl');
      let said = '';
      const env = environment(jaeger.endpoints.grpc);
      assert.equal(await replayFile(file, spans, { from: '1' }, env, (line) => void (said += line)), 0, said);
      assert.equal((await jaeger.trace(traceIdOf(replayed), SPANS.length)).spans.length, SPANS.length);

      // The file itself is what other tools understand: with other ids Jaeger takes it as OTLP over HTTP in JSON.
      const otherId = `${'c0ffee'.repeat(5)}ab`;
      const line = (await readFile(spans, 'utf8')).trim().replaceAll(traceIdOf(replayed), otherId);
      const answer = await fetch(`${jaeger.endpoints['http/protobuf']}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: line,
      });
      assert.equal(answer.status, 200, await answer.text());
      const { spans: taken, warnings } = await jaeger.trace(otherId, SPANS.length);
      assert.deepEqual(taken.map(({ operationName }) => operationName).sort(), SPANS);
      assert.equal(warnings, null);
    });
  });

  async function startCollector(name: string, env: Record<string, string>): Promise<RealServer & { endpoint: string }> {
    const [port, health] = await freePorts(2);
    const listen = `127.0.0.1:${port}`;
    const collector = await startRealServer({
      name: 'otelcol',
      args: () => ['--config', fileOf(`${name}/collector.yaml`), '--config', `yaml:${HEALTH(health!)}`],
      env: { OTLP_LISTEN: listen, NO_PROXY: '*', ...env },
      healthUrl: `http://127.0.0.1:${health}/`,
    });
    return { ...collector, endpoint: `http://${listen}` };
  }
  /** The example's own configuration, and a way to know that it runs. */
  const HEALTH = (port: number): string =>
    JSON.stringify({
      extensions: { health_check: { endpoint: `127.0.0.1:${port}` } },
      service: { extensions: ['health_check'] },
    });

  it('for AWS X-Ray makes segments of X-Ray of them, below what the load balancer has begun', async (t) => {
    interface Segment {
      readonly name: string;
      readonly trace_id: string;
      readonly parent_id?: string;
      readonly annotations?: Record<string, unknown>;
      readonly http?: { readonly response?: { readonly status?: number } };
      readonly metadata?: { readonly default?: Record<string, unknown> };
    }
    const segments: Segment[] = [];
    const signatures: string[] = [];
    const xray: Server = http.createServer(async (request, response) => {
      const { TraceSegmentDocuments = [] } = JSON.parse((await buffer(request)).toString() || '{}') as {
        TraceSegmentDocuments?: string[];
      };
      if (request.url === '/TraceSegments') signatures.push(String(request.headers.authorization));
      segments.push(...TraceSegmentDocuments.map((document) => JSON.parse(document) as Segment));
      response.setHeader('content-type', 'application/json').end('{"UnprocessedTraceSegments":[]}');
    });
    await once(xray.listen(0, '127.0.0.1'), 'listening');
    t.after(() => {
      xray.closeAllConnections();
      xray.close();
    });
    const collector = await startCollector('xray', {
      XRAY_ENDPOINT: `http://127.0.0.1:${(xray.address() as AddressInfo).port}`,
      XRAY_LOCAL: 'true',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_CA_BUNDLE: '',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    t.after(() => collector.stop());
    const seconds = Math.floor(Date.now() / 1000).toString(16);
    const root = `Root=1-${seconds}-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1`;
    await upload('xray', collector.endpoint, { 'x-amzn-trace-id': root });
    await eventually('all four segments', async () => (segments.length >= SPANS.length ? true : undefined)).catch(
      (error) => {
        throw new Error(`${error}\n${collector.lastWords()}\n${JSON.stringify(segments)}`);
      },
    );
    assert.match(signatures[0]!, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
    assert.deepEqual([...new Set(segments.map(({ trace_id }) => trace_id))], [`1-${seconds}-0123456789abcdef01234567`]);
    const server = segments.find(({ parent_id }) => parent_id === '53995c3f42cd8ad8')!;
    assert.equal(server.http?.response?.status, 200);
    assert.equal(server.annotations?.http_route ?? server.annotations?.['http.route'], '/uploads/{key}');
  });

  it('for Google Cloud makes spans of Cloud Trace of them', async (t) => {
    const written: { readonly path: string; readonly names: string[] }[] = [];
    const cloud = http2.createServer().on('stream', async (stream: http2.ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      const message = await buffer(stream).catch(() => Buffer.alloc(5));
      const body = message.subarray(5);
      const bytes = message[0] === 1 ? gunzipSync(body) : body;
      // BatchWriteSpansRequest: name = 1, spans = 2; Span: display_name = 4, TruncatableString.value = 1.
      const names = fieldsOf(bytes, 2).map((span) => textOf(fieldsOf(fieldsOf(span, 4)[0]!, 1)[0]!));
      written.push({ path: String(headers[':path']), names });
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    });
    await once(cloud.listen(0, '127.0.0.1'), 'listening');
    t.after(() => void cloud.close());
    const collector = await startCollector('google-cloud', {
      GOOGLE_CLOUD_PROJECT: 'my-project',
      CLOUD_TRACE_ENDPOINT: `127.0.0.1:${(cloud.address() as AddressInfo).port}`,
      CLOUD_TRACE_INSECURE: 'true',
    });
    t.after(() => collector.stop());
    await upload('google-cloud', collector.endpoint);
    const names = () => written.flatMap((one) => one.names).sort();
    await eventually('all four spans', async () => (names().length >= SPANS.length ? true : undefined)).catch(
      (error) => {
        throw new Error(`${error}\n${collector.lastWords()}`);
      },
    );
    assert.deepEqual(names(), SPANS);
    assert.equal(written[0]!.path, '/google.devtools.cloudtrace.v2.TraceService/BatchWriteSpans');
  });
});

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function fieldsOf(message: Uint8Array, field: number): Uint8Array[] {
  return [...readFields(message)].flatMap(({ number, value }) =>
    number === field && typeof value !== 'bigint' ? [value] : [],
  );
}
