/** Which traces are kept: by bucket and operation, so many a second, and with how much on a span; and what is never traced. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EmbeddedStore } from '../support/embedded-store.ts';
import { type Answer, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('a gateway that keeps some traces', () => {
  let store: EmbeddedStore;
  let collector: OtlpReceiver;
  before(async () => {
    store = await EmbeddedStore.start();
    collector = await receiveHttp();
  });
  after(async () => {
    await collector.close();
    await store.close();
  });

  async function withGateway(tracing: object, run: (gateway: TestGateway) => Promise<void>): Promise<TestGateway> {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        { name: 'uploads', s3 },
        { name: 'devices', s3 },
      ],
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 10 },
        ...tracing,
      },
    });
    await run(gateway).finally(() => gateway.close());
    return gateway;
  }
  const isKept = ({ headers }: Answer): boolean => /-0[13]"$/.test(String(headers['server-timing']));

  it('decides by bucket and operation if configured, the first that matches', async () => {
    const overrides = [
      { bucket: 'devices', operations: ['UploadPart'], ratio: 0 },
      { bucket: 'devices', ratio: 1 },
      { operations: ['CreateMultipartUpload', 'PostObject'], strategy: 'always' },
    ];
    await withGateway({ sampling: { strategy: 'never', overrides } }, async ({ url }) => {
      assert.equal(isKept(await send(url, 'PUT', '/uploads/k', 'hello')), false);
      assert.equal(isKept(await send(url, 'PUT', '/devices/k', 'hello')), true);
      const begun = await send(url, 'POST', '/devices/k?uploads');
      assert.equal(isKept(begun), true);
      const id = /<UploadId>(.*?)</.exec(begun.body.toString())![1];
      const part = await send(url, 'PUT', `/devices/k?partNumber=1&uploadId=${id}`, 'hello');
      assert.deepEqual([part.status, isKept(part)], [200, false]);
      assert.equal(isKept(await send(url, 'POST', '/uploads/k?uploads')), true);
      assert.equal(isKept(await send(url, 'POST', '/uploads', 'x')), true, 'a form');
      assert.equal(isKept(await send(url, 'PUT', '/nowhere/k', 'hello')), false);
      assert.equal(isKept(await send(url, 'GET', '/uploads/k')), false);
    });
  });

  it('keeps no more in a second than allowed, counts the rest, and claims no ratio', async () => {
    const sampling = { strategy: 'ratio', ratio: 1, max_traces_per_second: 3 };
    const before = collector.spans().length;
    await withGateway({ sampling }, async ({ url, app }) => {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => send(url, 'PUT', `/uploads/${i}`, 'x')));
      const kept = answers.filter(isKept).length;
      assert.ok(kept >= 3 && kept < 20, `${kept} of 40`);
      await collector.until(() => collector.spans().length === before + 4 * kept);
      assert.ok(
        collector
          .spans()
          .slice(before)
          .every(({ traceState }) => traceState === ''),
      );
      assert.equal(app.metricsPort !== undefined, true);
    });
  });

  it('truncates long values, omits surplus ones, and counts both', async () => {
    const limits = { attribute_value_length_limit: 32, attribute_count_limit: 12 };
    const before = collector.spans().length;
    await withGateway({ limits }, async ({ url, app }) => {
      await send(url, 'PUT', `/uploads/${'k'.repeat(100)}`, 'hello');
      await collector.until(() => collector.spans().length === before + 4);
      const root = collector.spans().find(({ name }, i) => i >= before && name === 'http.server.request')!;
      assert.deepEqual(root.attributes['url.path'], { string: `/uploads/${'k'.repeat(23)}` });
      assert.equal(Object.keys(root.attributes).length, 12);
      assert.ok(root.droppedAttributes > 0);
      const metrics = await (await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`)).text();
      assert.match(metrics, /mizuchi_tracer_truncated_total\{what="value"\} [1-9]/);
      assert.match(metrics, /mizuchi_tracer_truncated_total\{what="attribute"\} [1-9]/);
    });
  });

  it('never traces health and metrics', async () => {
    const before = collector.spans().length;
    const gateway = await withGateway({ sampling: { strategy: 'always' } }, async ({ url, app }) => {
      for (const path of ['/health', '/ready']) {
        const answer = await send(url, 'GET', path);
        assert.deepEqual([answer.status, answer.headers['server-timing']], [200, undefined]);
      }
      await fetch(`http://127.0.0.1:${app.metricsPort}/metrics`);
    });
    assert.equal(collector.spans().length, before);
    assert.ok(gateway.log.every(({ message }) => !message.includes('spans')));
  });

  it('does not start with an override for a bucket that is none', async () => {
    const overrides = [{ bucket: 'devises', ratio: 1 }];
    await assert.rejects(
      withGateway({ sampling: { overrides } }, async () => {}),
      /tracing: has an override for bucket devises, which is not configured/,
    );
  });
});
