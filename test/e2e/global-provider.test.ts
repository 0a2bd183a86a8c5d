/** `tracing.provider: global`: the official SDK records instead of us, and what a collector gets of an upload is the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../src/config/parse-config.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';

const REGISTER = fileURLToPath(new URL('../support/register-official-sdk.mjs', import.meta.url));
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What is another's, or another time's. */
const VARYING =
  /^(network\.peer\.port|server\.port|net\.(peer|host)\.port|sampling\.reason|.*_seconds|aws\.s3\.upload_id|mizuchi\.request_id)$/;

/** A trace as text: name, kind, status and attributes of each span below its parent. */
function shapeOf(spans: readonly DecodedSpan[], parent: string, depth = 0): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((span) => [
      `${'  '.repeat(depth)}${span.name} ${span.kind} ${JSON.stringify(span.status)} ${attributesOf(span)}`,
      ...shapeOf(spans, span.spanId, depth + 1),
    ]);
}

function attributesOf({ attributes }: DecodedSpan): string {
  const names = Object.keys(attributes).filter((name) => !VARYING.test(name));
  return JSON.stringify(names.sort().map((name) => [name, attributes[name]]));
}

describe('a gateway whose spans another provider records', () => {
  it('makes the same spans with the same attributes', async () => {
    const store = await RawStore.start();
    const shapes: string[][] = [];
    const flags = new Set<string>();
    for (const provider of ['native', 'global']) {
      const collector = await receiveHttp();
      const env = {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      };
      const gateway = await startGatewayProcess(
        {
          server: { address: '127.0.0.1:0' },
          buckets: [
            { name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' } },
          ],
          tracing: { provider },
          metrics: { port: 0 },
        },
        ['--import', REGISTER],
        env,
      );
      await uploads(gateway);
      assert.equal(await gateway.stop(), 0);
      const spans = collector.spans();
      assert.ok(spans.every(({ traceId }) => traceId === CALLER.slice(3, 35)));
      shapes.push(shapeOf(spans, CALLER.slice(36, 52)));
      flags.add(String(store.requests.at(-1)!.headers.traceparent).slice(-2));
      await collector.close();
    }
    await store.close();
    assert.ok(shapes[0]!.length >= 12, shapes[0]!.join('\n'));
    assert.deepEqual(shapes[1], shapes[0]);
    assert.deepEqual([...flags], ['01']);
  });

  it('reports which settings would have no effect', () => {
    const text = `buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: a, secret_key: s } }]
tracing: { provider: global, fallback: file, sampling: { keep: { denied: true }, ratio: 0.5 } }
`;
    assert.throws(
      () => parseConfig(text, 'f', {}),
      /f:2:22 tracing\.provider: is global, so sampling\.keep, fallback has no effect; remove these settings/,
    );
  });

  it('does not start without a registered provider, and explains how to register one', async () => {
    const s3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'a', secret_key: 's' };
    const config = {
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { provider: 'global' },
    };
    await assert.rejects(
      startGatewayProcess({ ...config, metrics: { port: 0 } }),
      /no tracer provider is registered; start with node --import/,
    );
  });

  async function uploads({ url }: GatewayProcess): Promise<void> {
    const headers = { traceparent: CALLER };
    await send(url, 'PUT', '/uploads/small', 'hello', headers);
    await send(url, 'PUT', '/uploads/large', Buffer.alloc(200_000), headers);
    await send(url, 'GET', '/uploads/small', '', headers);
    await send(url, 'PUT', '/nowhere/small', 'hello', headers);
    await send(url, 'PUT', '/uploads/lie', 'hello', { ...headers, 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' });
  }
});
