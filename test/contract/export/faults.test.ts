/**
 * The exporters of all signals, which share their thread, against collectors that fail in every way: every item is accounted for
 * at every moment, the log gets one line a signal, and the end comes in time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { DropReason } from '../../../src/export/drop-reason.ts';
import type { ExportStats } from '../../../src/export/export-counts.ts';
import { ExporterLink } from '../../../src/export/exporter-link.ts';
import type { Signal } from '../../../src/export/signal.ts';
import { pushLogs } from '../../../src/logging/otlp.ts';
import { pushMetrics } from '../../../src/metrics/otlp.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { startNative } from '../../../src/tracing/start.ts';
import { deadEndpoint, faultyServer, flood, garbage, hang, reset, trickle } from '../../support/faulty-server.ts';
import { encodeMessage } from '../../support/otlp-messages.ts';
import { type HttpAnswer, receiveGrpc, receiveHttp } from '../../support/otlp-receiver.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { type KeptLine, keptLog, tracingConfig } from '../../support/tracing-config.ts';

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

type Protocol = 'grpc' | 'http/protobuf';

/** What produces items of one signal. */
interface Source {
  /** Called some eighty times. */
  produce(): void;
  /** Items of all rounds; undefined where that depends on time. */
  readonly recorded?: number;
  stats(): ExportStats;
  shutdown(millis: number): Promise<void>;
}

interface Opening {
  readonly endpoint: string;
  readonly protocol: Protocol;
  readonly timeoutSeconds: number;
  readonly log: ReturnType<typeof keptLog>;
  /** To the thread that all signals share. */
  readonly link: ExporterLink;
}

const ROUNDS = 80;
const QUEUE = 64;
const RECORDS_A_ROUND = 20;
const LINE = 'request';
const HEADERS = { 'x-api-key': 'secret-key-123' };
const CONTEXT = { resource: { 'service.name': 'test' }, version: '1', directory: '/' };

const collectorOf = ({ endpoint, protocol, timeoutSeconds }: Opening) =>
  ({ endpoint, protocol, timeout_seconds: timeoutSeconds, compression: 'none', headers: HEADERS }) as const;

const SOURCES: Readonly<Record<Signal, (opening: Opening) => Promise<Source>>> = {
  async traces(opening) {
    const { endpoint, log, link, timeoutSeconds } = opening;
    const batch = { max_queue_size: QUEUE, max_export_batch_size: 12, scheduled_delay_millis: 10 };
    const config = tracingConfig(endpoint, { otlp: collectorOf(opening), batch });
    const { tracer, stats, shutdown } = await startNative(config, { log, link, deadlineMillis: 1500 * timeoutSeconds });
    const produce = (): void => {
      const root = tracer.startRequest([], { 'http.request.method': 'PUT', 'url.path': '/uploads/key' });
      const operation = root.child('s3.upload', 'internal', { 's3.key': 'key' });
      operation.child('aws.s3.put_object', 'client').end();
      operation.end();
      root.end();
    };
    return { produce, recorded: 3 * ROUNDS, stats, shutdown };
  },
  async metrics(opening) {
    const registry = new Registry();
    const produce = (): void => {
      registry.add('mizuchi_uploads', ['uploads', 'PutObject', 'success'], 1);
      registry.add('mizuchi_upload_bytes', ['uploads', 'PutObject'], 100);
      registry.observe('mizuchi_upload_duration_seconds', ['uploads', 'PutObject'], 0.1);
      registry.set('mizuchi_connections', [], 3);
    };
    const config = { ...collectorOf(opening), metrics_path: '/v1/metrics', interval_seconds: 0.02 };
    return { produce, ...pushMetrics(() => registry.collect(), config, CONTEXT, opening.link, opening.log) };
  },
  async logs(opening) {
    const log = { ...opening.log, close: async () => {} };
    const otlp = { ...collectorOf(opening), logs_path: '/v1/logs' } as const;
    const config = { level: 'info', format: 'json', success_ratio: 1, otlp } as const;
    const { info, stats, close } = pushLogs(log, config, CONTEXT, opening.link);
    const produce = (): void => {
      for (let i = 0; i < RECORDS_A_ROUND; i++) info({ path: '/uploads/key', status: 200 }, LINE);
    };
    return { produce, recorded: RECORDS_A_ROUND * ROUNDS, stats, shutdown: close };
  },
};

function assertBalanced({ recorded, queued, queueCapacity, exported, saved, dropped }: ExportStats): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(recorded, exported + saved + lost + queued);
  assert.ok(queued >= 0 && queued <= queueCapacity);
}

interface Outcome {
  readonly stats: ExportStats;
  readonly lines: readonly KeptLine[];
  readonly closedInTime: boolean;
}

/** Produces items for a while, then ends. Whether that is in time is judged by a clock of this process: both are late on a busy machine. */
async function outcomeOf(
  signal: Signal,
  { collector, reasons, takesSome }: Fault,
  protocol: Protocol,
  link: ExporterLink,
): Promise<Outcome> {
  const { endpoint, close } = await collector();
  const log = keptLog();
  // A collector that responds gets the time to; the others have a short timeout.
  const timeoutSeconds = reasons.includes('rejected') ? 5 : 0.2;
  const { produce, recorded, stats, shutdown } = await SOURCES[signal]({
    endpoint,
    protocol,
    timeoutSeconds,
    log,
    link,
  });
  for (let round = 0; round < ROUNDS; round++) {
    produce();
    assertBalanced(stats());
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  if (takesSome) await until(() => stats().exported > 0);
  let closedInTime = true;
  const late = setTimeout(() => {
    closedInTime = false;
  }, 1500);
  await shutdown(1000);
  clearTimeout(late);
  await close();
  assert.equal(stats().recorded, recorded ?? stats().recorded);
  return { stats: stats(), lines: log.lines.filter(({ message }) => message !== LINE), closedInTime };
}

function judge({ stats, lines, closedInTime }: Outcome, fault: Fault): void {
  assertBalanced(stats);
  assert.ok(stats.recorded > 0);
  assert.equal(stats.queued, 0);
  assert.equal(stats.exported > 0, fault.takesSome === true);
  const reasons = Object.entries(stats.dropped).flatMap(([reason, count]) => (count > 0 ? [reason] : []));
  assert.ok(reasons.length > 0);
  assert.deepEqual(
    reasons.filter((reason) => !fault.reasons.includes(reason as DropReason)),
    [],
  );
  assert.ok(closedInTime, 'closed within 1.5 s');
  const [failure, last, ...more] = lines;
  assert.deepEqual([failure?.level, more], ['warn', []]);
  if (last !== undefined) assert.match(last.message, /^(spans|metrics|log records) were dropped at shutdown$/);
  assert.doesNotMatch(JSON.stringify(lines), /secret-key-123|\\n|\\u0/);
}

for (const [protocol, faults] of [
  ['http/protobuf', OVER_HTTP],
  ['grpc', OVER_GRPC],
] as const) {
  describe(`traces, metrics and logs over ${protocol} when the collector fails`, { concurrency: 4 }, () => {
    for (const [name, fault] of Object.entries(faults)) {
      it(name, async () => {
        const link = new ExporterLink();
        const signals = Object.keys(SOURCES) as Signal[];
        const outcomes = await Promise.all(signals.map((signal) => outcomeOf(signal, fault, protocol, link)));
        for (const [place, outcome] of outcomes.entries()) {
          try {
            judge(outcome, fault);
          } catch (cause) {
            throw new Error(`${signals[place]}: ${cause}`, { cause });
          }
        }
      });
    }
  });
}

/** The state of the thread is visible from here only by polling. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
