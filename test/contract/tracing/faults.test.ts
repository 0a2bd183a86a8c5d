/**
 * The whole of tracing, exporter thread included, against collectors that fail in every way: the main thread never notices,
 * every span is accounted for at every moment, the operator hears one line, and the end comes in time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { RequestTracer } from '../../../src/domain/span.ts';
import type { DropReason } from '../../../src/tracing/pipeline/drop-reason.ts';
import type { TracerStats } from '../../../src/tracing/pipeline/figures.ts';
import { startNative } from '../../../src/tracing/start.ts';
import { deadEndpoint, faultyServer, flood, garbage, hang, reset, trickle } from '../../support/faulty-server.ts';
import { encodeMessage } from '../../support/otlp-messages.ts';
import { type HttpAnswer, receiveGrpc, receiveHttp } from '../../support/otlp-receiver.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { type KeptLine, keptLog, type TracingOverrides, tracingConfig } from '../../support/tracing-config.ts';

interface Collector {
  readonly endpoint: string;
  close(): Promise<void>;
}

interface Fault {
  readonly collector: () => Promise<Collector>;
  /** Why spans may be lost to it. */
  readonly reasons: readonly DropReason[];
  /** Whether it takes some. */
  readonly takesSome?: boolean;
}

const says =
  (code: number, headers: Record<string, string> = {}): HttpAnswer =>
  (response) => {
    response.writeHead(code, headers).end('secret-key-123 is not welcome\n');
  };
const retryAfter = (value: string): Record<string, string> => ({ 'retry-after': value });
const partialSuccess = encodeMessage('ExportTraceServiceResponse', { partialSuccess: { rejectedSpans: 2 } });
const nobody = async (): Promise<Collector> => ({ endpoint: await deadEndpoint(), close: async () => {} });
const named = (endpoint: string) => async (): Promise<Collector> => ({ endpoint, close: async () => {} });
/** Speaks TLS with a certificate that nobody trusts, or speaks none where it should. */
async function behindTls(open: () => Promise<Collector>): Promise<Collector> {
  const { endpoint, close } = await open();
  return { endpoint: endpoint.replace('http:', 'https:'), close };
}
const SELF_SIGNED = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };
const busyFor = (seconds: number): Uint8Array =>
  encodeMessage('RpcStatus', {
    code: status.RESOURCE_EXHAUSTED,
    details: [
      {
        typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
        value: encodeMessage('RetryInfo', { retryDelay: { seconds } }),
      },
    ],
  });
const LATE = ['queue_full', 'deadline', 'shutdown'] as const;
const REFUSED = ['rejected', 'queue_full', 'shutdown'] as const;

const OVER_HTTP: Readonly<Record<string, Fault>> = {
  'nobody listens': { collector: nobody, reasons: LATE },
  'its name is not known': { collector: named('http://collector.invalid:4318'), reasons: LATE },
  'it speaks no TLS': { collector: () => behindTls(() => receiveHttp()), reasons: LATE },
  'nobody vouches for its certificate': {
    collector: () => behindTls(() => receiveGrpc(undefined, 0, SELF_SIGNED)),
    reasons: LATE,
  },
  'it accepts and never answers': { collector: () => faultyServer(hang), reasons: LATE },
  'it resets every connection': { collector: () => faultyServer(reset), reasons: LATE },
  'it answers byte by byte, for ever': { collector: () => faultyServer(trickle), reasons: LATE },
  'it speaks no HTTP': { collector: () => faultyServer(garbage), reasons: REFUSED },
  'it answers with 400 MB': { collector: () => faultyServer(flood), reasons: REFUSED },
  '400': { collector: () => receiveHttp(says(400)), reasons: REFUSED },
  '401': { collector: () => receiveHttp(says(401)), reasons: REFUSED },
  '413': { collector: () => receiveHttp(says(413)), reasons: ['too_large', ...REFUSED] },
  '500': { collector: () => receiveHttp(says(500)), reasons: REFUSED },
  '503': { collector: () => receiveHttp(says(503)), reasons: LATE },
  '429 with Retry-After: 0': { collector: () => receiveHttp(says(429, retryAfter('0'))), reasons: LATE },
  '429 with Retry-After: 1': { collector: () => receiveHttp(says(429, retryAfter('1'))), reasons: LATE },
  '429 with Retry-After: 100000': { collector: () => receiveHttp(says(429, retryAfter('100000'))), reasons: LATE },
  '503 with Retry-After: nonsense': { collector: () => receiveHttp(says(503, retryAfter('-5 apples'))), reasons: LATE },
  'it takes all but two spans of each batch': {
    collector: () =>
      receiveHttp((response) => response.setHeader('content-type', 'application/x-protobuf').end(partialSuccess)),
    reasons: REFUSED,
    takesSome: true,
  },
};

const grpcSays = (code: number) => () => receiveGrpc(() => ({ code, details: 'secret-key-123 is not welcome' }));

const OVER_GRPC: Readonly<Record<string, Fault>> = {
  'nobody listens': { collector: nobody, reasons: LATE },
  'it accepts and never answers': { collector: () => faultyServer(hang), reasons: LATE },
  'it takes calls and never answers': { collector: () => receiveGrpc(() => undefined), reasons: LATE },
  'it resets every connection': { collector: () => faultyServer(reset), reasons: LATE },
  'it speaks no HTTP/2': { collector: () => faultyServer(garbage), reasons: LATE },
  'it is a web server': { collector: () => receiveHttp(), reasons: [...LATE, 'rejected'] },
  'its name is not known': { collector: named('http://collector.invalid:4317'), reasons: LATE },
  'it speaks no TLS': { collector: () => behindTls(() => receiveGrpc()), reasons: LATE },
  'nobody vouches for its certificate': {
    collector: () => behindTls(() => receiveGrpc(undefined, 0, SELF_SIGNED)),
    reasons: LATE,
  },
  'RESOURCE_EXHAUSTED with RetryInfo': {
    collector: () => receiveGrpc(() => ({ code: status.RESOURCE_EXHAUSTED, statusDetails: busyFor(1) })),
    reasons: LATE,
  },
  'RESOURCE_EXHAUSTED for the size of the message': {
    collector: () =>
      receiveGrpc(() => ({
        code: status.RESOURCE_EXHAUSTED,
        details: 'grpc: received message larger than max (99 vs. 9)',
      })),
    reasons: ['too_large', ...REFUSED],
  },
  UNAVAILABLE: { collector: grpcSays(status.UNAVAILABLE), reasons: LATE },
  UNAUTHENTICATED: { collector: grpcSays(status.UNAUTHENTICATED), reasons: REFUSED },
  'RESOURCE_EXHAUSTED without RetryInfo': { collector: grpcSays(status.RESOURCE_EXHAUSTED), reasons: REFUSED },
  'it takes all but two spans of each batch': {
    collector: () => receiveGrpc(() => ({ response: partialSuccess })),
    reasons: REFUSED,
    takesSome: true,
  },
};

const UPLOADS = 80;
const QUEUE = 64;

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

interface Outcome {
  readonly stats: TracerStats;
  readonly lines: readonly KeptLine[];
  readonly closedInTime: boolean;
}

/** Uploads for a while, then ends. Whether that is in time is judged by a clock of this process: both are late on a busy machine. */
async function outcomeOf(
  { collector, reasons, takesSome }: Fault,
  protocol: 'grpc' | 'http/protobuf',
): Promise<Outcome> {
  const { endpoint, close } = await collector();
  const log = keptLog();
  // A collector that answers is given the time to; one that does not shall be given up soon.
  const seconds = reasons.includes('rejected') ? 5 : 0.2;
  const overrides: TracingOverrides = {
    otlp: { protocol, timeout_seconds: seconds, headers: { 'x-api-key': 'secret-key-123' } },
    batch: { max_queue_size: QUEUE, max_export_batch_size: 12, scheduled_delay_millis: 10 },
  };
  const tracing = await startNative(tracingConfig(endpoint, overrides), { log, deadlineMillis: 1500 * seconds });
  for (let i = 0; i < UPLOADS; i++) {
    upload(tracing.tracer);
    assertBalanced(tracing.stats());
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  if (takesSome) await until(() => tracing.stats().exported > 0);
  let closedInTime = true;
  const late = setTimeout(() => {
    closedInTime = false;
  }, 1500);
  await tracing.shutdown(1000);
  clearTimeout(late);
  await close();
  return { stats: tracing.stats(), lines: log.lines, closedInTime };
}

for (const [protocol, faults] of [
  ['http/protobuf', OVER_HTTP],
  ['grpc', OVER_GRPC],
] as const) {
  describe(`tracing over ${protocol} when the collector fails`, { concurrency: 4 }, () => {
    for (const [name, fault] of Object.entries(faults)) {
      it(name, async () => {
        const { stats, lines, closedInTime } = await outcomeOf(fault, protocol);
        assertBalanced(stats);
        assert.deepEqual([stats.recorded, stats.queued], [UPLOADS * 3, 0]);
        assert.equal(stats.exported > 0, fault.takesSome === true);
        const reasons = Object.entries(stats.dropped).flatMap(([reason, count]) => (count > 0 ? [reason] : []));
        assert.ok(reasons.length > 0);
        assert.deepEqual(
          reasons.filter((reason) => !fault.reasons.includes(reason as DropReason)),
          [],
        );
        assert.ok(closedInTime, 'closed within 1.5 s');
        const [trouble, last, ...more] = lines;
        assert.deepEqual([trouble?.level, more], ['warn', []]);
        if (last !== undefined) assert.equal(last.message, 'spans were lost at the end');
        assert.doesNotMatch(JSON.stringify(lines), /secret-key-123|\\n|\\u0/);
      });
    }
  });
}

describe('tracing', () => {
  it('delivers again when the collector is back, and says so', async () => {
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

  it('leaves a collector alone that asks for it, with all batches', async () => {
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
      "data:text/javascript,import{parentPort}from'node:worker_threads';parentPort.on('message',()=>{throw new Error('struck')})",
    );
    const batch = { max_export_batch_size: 3 };
    const tracing = await startNative(tracingConfig(receiver.endpoint, { batch }), { log, program });
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
