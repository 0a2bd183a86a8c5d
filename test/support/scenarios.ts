/**
 * Scenarios: how to make one true, and what the client's response, the trace, the log line and the metric must then say. A new
 * scenario is one row; the runner reads all of it back from the running gateway.
 */
import assert from 'node:assert/strict';
import { FAILURES, type FailureType } from '../../src/domain/failures.ts';
import { RawClient, send } from './http-client.ts';
import type { DecodedSpan } from './otlp-messages.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import type { Behaviour, RawStore, StoreRequest } from './raw-store.ts';
import { readMetrics } from './read-metrics.ts';
import { attributesOf } from './request-trace.ts';
import type { LogLine, TestGateway } from './start-gateway.ts';

export interface World {
  readonly gateway: TestGateway;
  readonly store: RawStore;
  readonly collector: OtlpReceiver;
}

/** Status and S3 code, such as `503 SlowDown`; undefined where the client got no response. */
export type Received = string | undefined;

export interface Scenario {
  readonly what: string;
  readonly store?: Behaviour;
  /** Makes it true. */
  act(world: World): Promise<Received>;
  readonly expected: {
    readonly response: Received;
    readonly type: FailureType;
    readonly side: 'client' | 'gateway' | 'store';
    /** Status of the SERVER span. */
    readonly span: 'error' | 'unset';
    readonly level?: string;
    readonly reason?: string;
    readonly outcome?: 'stored' | 'not_stored' | 'unknown';
    readonly waitedFor?: 'client' | 'store' | 'connection' | 'memory';
  };
}

/** Sends one request, and returns the status and the S3 code. */
export async function exchange(
  { gateway }: World,
  method: string,
  target: string,
  body?: string | Buffer,
  headers?: Record<string, string>,
): Promise<Received> {
  const response = await send(gateway.url, method, target, body, headers);
  return [response.status, /<Code>([^<]*)/.exec(response.body)?.[1]].filter(Boolean).join(' ');
}

/** Polls: nothing announces it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise(setImmediate);
}

/** A client that disconnects when the store has so much of its request. Resolves when the gateway has noticed. */
export async function disconnect(
  { gateway, store }: World,
  request: string,
  has: (first: StoreRequest) => unknown,
): Promise<undefined> {
  const client = await RawClient.connect(gateway.url);
  const arrived = store.next();
  client.write(request);
  await has(await arrived);
  client.socket.resetAndDestroy();
  const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
  await until(async () => (await readMetrics(metrics))('mizuchi_connections') === 0);
}

export async function assertScenario(world: World, { act, store, expected }: Scenario): Promise<void> {
  const { gateway, collector } = world;
  if (store !== undefined) world.store.behaviour = store;
  const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
  const failed = async (): Promise<number> =>
    (await readMetrics(metrics))('mizuchi_uploads_total', `result="${expected.type}"`);
  const before = await failed();
  const logged = gateway.log.length;
  assert.equal(await act(world), expected.response, 'the response');
  const line = await lineAfter(gateway, logged);
  const [root, upload] = await spansOf(collector, String(line.trace_id), expected.outcome !== undefined);
  const [status, code] = expected.response?.split(' ') ?? [];
  assert.equal(FAILURES[expected.type].side, expected.side, 'the side');
  assert.deepEqual(
    {
      level: line.level,
      status: line.status,
      type: line.error_type,
      reason: line.error_reason,
      outcome: line.outcome,
    },
    {
      level: expected.level ?? 'warn',
      status: status === undefined ? undefined : Number(status),
      type: expected.type,
      reason: expected.reason,
      outcome: expected.outcome,
    },
    'the log line',
  );
  const ofRoot = attributesOf(root);
  assert.deepEqual(
    [ofRoot['error.type'], ofRoot['s3.error.code'], root?.status?.code === 2 ? 'error' : 'unset'],
    [expected.type, code, expected.span],
    'the SERVER span',
  );
  const ofUpload = attributesOf(upload);
  assert.deepEqual(
    [ofUpload['upload.outcome'], ofUpload['upload.waited_for']],
    [expected.outcome, expected.waitedFor],
    'the span of the upload',
  );
  // After a shutdown there is no port for metrics.
  if (expected.type !== 'shutting_down') assert.equal(await failed(), before + 1, 'the metric');
}

async function lineAfter({ log }: TestGateway, count: number): Promise<LogLine> {
  const line = (): LogLine | undefined =>
    log.slice(count).find(({ message, error_type }) => message === 'request' && error_type !== undefined);
  await until(() => line() !== undefined);
  return line()!;
}

/** The SERVER span, and `s3.upload`. */
async function spansOf(
  collector: OtlpReceiver,
  traceId: string,
  hasUpload: boolean,
): Promise<(DecodedSpan | undefined)[]> {
  const find = (name: string) => collector.spans().find((span) => span.traceId === traceId && span.name === name);
  const names = ['http.server.request', 's3.upload'];
  await collector.until(() => names.slice(0, hasUpload ? 2 : 1).every((name) => find(name) !== undefined));
  return names.map(find);
}
