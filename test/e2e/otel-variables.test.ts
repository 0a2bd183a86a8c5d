/** OpenTelemetry's variables, through the gateway as its users start it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { check } from '../../src/cli/check.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { plainAttributes, receiveSignals } from '../support/otlp-signals.ts';
import { RawStore } from '../support/raw-store.ts';

const PUSHED = { metrics: { enabled: false, otlp: { interval_seconds: 0.2 } }, logging: { otlp: {} } };

describe("a gateway that is configured with OpenTelemetry's variables", () => {
  const config = (store: string, tracing: object | undefined) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store, access_key: 'a', secret_key: 's' } }],
    metrics: { enabled: false },
    ...(tracing !== undefined && { tracing }),
  });

  it('sends its spans to their endpoint, and none when they disable it', { timeout: 30_000 }, async (t) => {
    const store = await RawStore.start();
    const collector = await receiveHttp();
    t.after(() => Promise.all([store.close(), collector.close()]));
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_SERVICE_NAME: 'named-by-a-variable',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=k',
    };
    for (const [more, spans] of [
      [{}, 4],
      [{ OTEL_SDK_DISABLED: 'true' }, 4],
      [{ OTEL_TRACES_SAMPLER: 'always_off' }, 4],
    ] as const) {
      const env = { ...process.env, ...variables, ...more };
      const gateway = await startGatewayProcess(config(store.url, { enabled: true }), [], env);
      assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
      assert.equal(await gateway.stop(), 0);
      assert.equal(collector.spans().length, spans, JSON.stringify(more));
    }
  });

  it('takes the URL of a signal as it is, and appends the path to the general one', { timeout: 30_000 }, async (t) => {
    const store = await RawStore.start();
    const paths = new Set<string | undefined>();
    const collector = createServer((request, response) => {
      paths.add(request.url);
      request.resume().on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    t.after(() => Promise.all([store.close(), collector.close()]));
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/base/`,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/ingest/traces/`,
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint,
    };
    const all = { ...config(store.url, { enabled: true }), ...PUSHED };
    const gateway = await startGatewayProcess(all, [], env);
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    assert.equal(await gateway.stop(), 0);
    assert.deepEqual([...paths].sort(), ['/', '/base/v1/metrics', '/ingest/traces/']);
  });

  it('names metrics and logs with tracing off, and can stop both', { timeout: 30_000 }, async (t) => {
    const store = await RawStore.start();
    const collector = await receiveSignals();
    t.after(() => Promise.all([store.close(), collector.close()]));
    const run = async (more: object): Promise<void> => {
      const env = {
        ...process.env,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_SERVICE_NAME: 'named',
        OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=seven,te%61m=a%2Cb',
        ...more,
      };
      const gateway = await startGatewayProcess({ ...config(store.url, undefined), ...PUSHED }, [], env);
      assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
      assert.equal(await gateway.stop(), 0);
      assert.ok(
        gateway.log.some(({ msg }) => msg === 'request'),
        'the log on standard output stays',
      );
    };
    await run({});
    assert.deepEqual([...new Set(collector.received.map(({ path }) => path))].sort(), ['/v1/logs', '/v1/metrics']);
    for (const { body } of collector.received) {
      const [{ resource }] = body.resourceMetrics ?? body.resourceLogs;
      const attributes = plainAttributes(resource.attributes);
      assert.deepEqual(
        [attributes['service.name'], attributes['service.instance.id'], attributes.team],
        ['named', 'seven', 'a,b'],
      );
    }
    const before = collector.received.length;
    await run({ OTEL_SDK_DISABLED: 'true' });
    assert.equal(collector.received.length, before);
  });

  it('runs with invalid values, and logs that once', { timeout: 30_000 }, async (t) => {
    const store = await RawStore.start();
    const collector = await receiveHttp();
    t.after(() => Promise.all([store.close(), collector.close()]));
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_TIMEOUT: '0',
      OTEL_CONFIG_FILE: 'sdk.yaml',
      OTEL_PROPAGATORS: 'none',
    };
    const gateway = await startGatewayProcess(config(store.url, { otlp }), [], env);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent })).status, 200);
    assert.equal(await gateway.stop(), 0);
    const said = gateway.log.filter(({ msg }) => msg === 'a variable of OpenTelemetry is not followed');
    assert.deepEqual(
      said.map(({ level, variable, value }) => [level, variable, value]),
      [
        ['warn', 'OTEL_EXPORTER_OTLP_TIMEOUT', '0'],
        ['warn', 'OTEL_CONFIG_FILE', 'sdk.yaml'],
      ],
    );
    assert.equal(said[0]!.instead, 'tracing.otlp.timeout_seconds is 10');
    assert.equal(collector.spans().length, 4);
    assert.ok(
      collector.spans().every(({ traceId }) => traceId !== 'a'.repeat(32)),
      'nothing is read',
    );
    assert.equal(store.requests.at(-1)!.headers.traceparent, undefined, 'and nothing sent on');
  });

  it('logs which setting each one sets, and no value of a header', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-variables-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify(config('http://127.0.0.1:9000', { enabled: true })));
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=hidden',
    };
    const checked = async (more: object): Promise<string> => {
      let said = '';
      assert.equal(await check(file, { ...env, ...more }, (text) => void (said += text)), 0);
      return said;
    };
    const said = await checked({
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod',
      OTEL_BSP_MAX_QUEUE_SIZE: 'many',
    });
    for (const line of [
      /^ {2}OTEL_EXPORTER_OTLP_ENDPOINT +tracing\.otlp\.endpoint: http:\/\/collector:4317$/m,
      /^ {2}OTEL_EXPORTER_OTLP_HEADERS +tracing\.otlp\.headers: \{ x-api-key: \(not shown\) \}$/m,
      /^ {2}OTEL_TRACES_SAMPLER +tracing\.sampling\.strategy: ratio$/m,
      /^ {2}OTEL_TRACES_SAMPLER_ARG +tracing\.sampling\.ratio: 0\.25$/m,
      /^ {2}OTEL_RESOURCE_ATTRIBUTES +tracing\.environment: prod$/m,
      /^ {2}default +tracing\.otlp\.protocol: grpc$/m,
      /^ {2}file +tracing\.enabled: true$/m,
      /http:\/\/collector:4317 by OTLP grpc/,
      /^Ignored:\n\n {2}OTEL_BSP_MAX_QUEUE_SIZE="many" .*; tracing\.batch\.max_queue_size is 8192$/m,
    ])
      assert.match(said, line);
    assert.doesNotMatch(said, /hidden|not set|server\./);
    assert.match(await checked({ OTEL_SDK_DISABLED: 'true' }), /^ {2}tracing +off, by OTEL_SDK_DISABLED$/m);
  });

  it('are shown among all settings, each with where it came from', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-variables-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'config.yaml');
    const tracing = { enabled: true, otlp: { headers: { 'x-api-key': 'hidden' } }, sampling: { ratio: 0.5 } };
    await writeFile(file, JSON.stringify(config('http://127.0.0.1:9000', tracing)));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317', OTEL_SPAN_LINK_COUNT_LIMIT: '7' };
    let said = '';
    assert.equal(await check(file, env, (text) => void (said += text), { effective: true }), 0);
    for (const line of [
      /^OTEL_EXPORTER_OTLP_ENDPOINT +tracing\.otlp\.endpoint: http:\/\/collector:4317$/m,
      /^OTEL_SPAN_LINK_COUNT_LIMIT +tracing\.limits\.link_count_limit: 7$/m,
      /^file +tracing\.sampling\.ratio: 0\.5$/m,
      /^default +tracing\.sampling\.strategy: parent_based$/m,
      /^default +tracing\.sampling\.keep: not set$/m,
      /^file +tracing\.otlp\.headers: \{ x-api-key: \(not shown\) \}$/m,
      /^file +buckets\[0\]\.s3\.secret_key: \(not shown\)$/m,
      /^default +server\.max_connections: \d+$/m,
    ])
      assert.match(said, line);
    assert.doesNotMatch(said, /hidden/);
  });
});
