/** OpenTelemetry's variables, through the gateway as its users start it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { check } from '../../src/cli/check.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';

describe("a gateway that is told by OpenTelemetry's variables", () => {
  const config = (store: string, tracing: object | undefined) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store, access_key: 'a', secret_key: 's' } }],
    metrics: { enabled: false },
    ...(tracing !== undefined && { tracing }),
  });

  it('sends its spans where they say, and none when they say so', { timeout: 30_000 }, async (t) => {
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

  it('says which setting each has decided, and no value of a header', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-variables-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify(config('http://127.0.0.1:9000', { enabled: true })));
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=hidden',
    };
    let said = '';
    assert.equal(await check(file, env, (text) => void (said += text)), 0);
    assert.match(said, /OTEL_EXPORTER_OTLP_ENDPOINT decides tracing\.otlp\.endpoint\n/);
    assert.match(said, /OTEL_EXPORTER_OTLP_HEADERS decides tracing\.otlp\.headers\n/);
    assert.match(said, /http:\/\/collector:4317 by OTLP grpc/);
    assert.ok(!said.includes('hidden'));
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
