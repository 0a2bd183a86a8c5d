/** The whole of tracing, exporter thread included: it recovers with its collector, stays within its bounds, and ends in time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestTracer } from '../../../src/domain/span.ts';
import { ExporterLink } from '../../../src/export/exporter-link.ts';
import { startNative } from '../../../src/tracing/start.ts';
import type { TracerStats } from '../../../src/tracing/tracer-figures.ts';
import { deadEndpoint, faultyServer, hang } from '../../support/faulty-server.ts';
import { receiveGrpc, receiveHttp } from '../../support/otlp-receiver.ts';
import { keptLog, tracingConfig } from '../../support/tracing-config.ts';

function upload(tracer: RequestTracer): void {
  const root = tracer.startRequest([], { 'http.request.method': 'PUT', 'url.path': '/uploads/key' });
  const operation = root.child('s3.upload', 'internal', { 's3.key': 'key' });
  operation.child('aws.s3.put_object', 'client').end();
  operation.end();
  root.end();
}

function assertBalanced({ recorded, queued, queueCapacity, exported, saved, dropped }: TracerStats): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(recorded, exported + saved + lost + queued);
  assert.ok(queued >= 0 && queued <= queueCapacity);
}

describe('tracing', () => {
  it('delivers again when the collector is back, and logs it', async () => {
    for (const protocol of ['http/protobuf', 'grpc'] as const) {
      const endpoint = await deadEndpoint();
      const log = keptLog();
      const config = tracingConfig(endpoint, { otlp: { protocol } });
      const tracing = await startNative(config, { log });
      upload(tracing.tracer);
      await until(() => log.lines.length > 0);
      const receive = protocol === 'grpc' ? receiveGrpc : receiveHttp;
      const receiver = await receive(undefined, Number(new URL(endpoint).port));
      await receiver.until(() => receiver.spans().length === 3);
      await tracing.shutdown();
      await receiver.close();
      assert.deepEqual([tracing.stats().exported, tracing.stats().queued], [3, 0]);
      assert.deepEqual(
        log.lines.map(({ message }) => message),
        ['spans are not delivered', 'spans are delivered again'],
      );
    }
  });

  it('sends no batch before the Retry-After of a collector has passed', async () => {
    const arrivals: number[] = [];
    const receiver = await receiveHttp((response, _, count) => {
      arrivals.push(performance.now());
      response.writeHead(count === 1 ? 429 : 200, count === 1 ? { 'retry-after': '1' } : {}).end();
    });
    const batch = { max_export_batch_size: 3 };
    const log = keptLog();
    const tracing = await startNative(tracingConfig(receiver.endpoint, { batch }), { log });
    upload(tracing.tracer);
    await until(() => log.lines.length === 1);
    for (let i = 0; i < 5; i++) upload(tracing.tracer);
    await receiver.until(() => receiver.exports.length === 7);
    await tracing.shutdown();
    await receiver.close();
    assert.ok(arrivals[1]! - arrivals[0]! >= 990, `${arrivals[1]! - arrivals[0]!} ms`);
    assert.equal(tracing.stats().exported, 18);
  });

  it('holds a bounded amount of memory when nothing is delivered', async () => {
    const server = await faultyServer(hang);
    const tracing = await startNative(tracingConfig(server.endpoint), { log: keptLog() });
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50_000; i++) upload(tracing.tracer);
    const grown = process.memoryUsage().arrayBuffers - before;
    await tracing.shutdown(100);
    await server.close();
    assert.ok(grown < 8 * 1024 * 1024, `${grown} bytes`);
    assert.equal(tracing.stats().recorded, 150_000);
    assertBalanced(tracing.stats());
  });

  it('flushes when it ends, is ended twice with the same result, and drops what comes after', async () => {
    const receiver = await receiveHttp();
    const batch = { scheduled_delay_millis: 60_000 };
    const tracing = await startNative(tracingConfig(receiver.endpoint, { batch }), { log: keptLog() });
    const late = tracing.tracer.startRequest([], {});
    upload(tracing.tracer);
    const [first, second] = [tracing.shutdown(), tracing.shutdown()];
    late.end();
    upload(tracing.tracer);
    await Promise.all([first, second, tracing.shutdown()]);
    await receiver.close();
    assert.equal(receiver.spans().length, 3);
    const { recorded, exported, dropped } = tracing.stats();
    assert.deepEqual([recorded, exported, dropped.shutdown], [7, 3, 4]);
  });

  it('survives the death of the exporter thread, and counts what died with it', async () => {
    const receiver = await receiveHttp();
    const log = keptLog();
    const program = new URL(
      "data:text/javascript,import{parentPort}from'node:worker_threads';parentPort.on('message',({type})=>{if(type==='batch')throw new Error('struck')})",
    );
    const batch = { max_export_batch_size: 3 };
    const tracing = await startNative(tracingConfig(receiver.endpoint, { batch }), {
      log,
      link: new ExporterLink({ program }),
    });
    upload(tracing.tracer);
    await until(() => tracing.stats().dropped.exporter_crashed === 3);
    upload(tracing.tracer);
    assertBalanced(tracing.stats());
    await tracing.shutdown(500);
    await receiver.close();
    const { recorded, queued, dropped } = tracing.stats();
    assert.deepEqual([recorded, queued, dropped.exporter_crashed, dropped.shutdown], [6, 0, 3, 3]);
    assert.match(String(log.lines[0]?.fields.reason), /struck/);
  });
});

/** What happens in the thread is seen from here only by looking. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
