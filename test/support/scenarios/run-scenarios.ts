/** Runs scenarios against the real gateway: the response, the trace, the log line and the metric. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FAILURES } from '../../../src/domain/failures.ts';
import { FakeEngine } from '../fake-engine.ts';
import { IdentityProvider } from '../identity-provider.ts';
import { answerWell, RawStore } from '../raw-store.ts';
import { readMetrics } from '../read-metrics.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../self-signed.ts';
import { type GatewayOptions, type LogLine, startGateway, type TestGateway } from '../start-gateway.ts';
import { bucketsOf } from './buckets.ts';
import { longPlaces } from './places.ts';
import { until } from './requests.ts';
import type { ExpectedFailure, ExpectedWait, Scenario, World } from './scenario.ts';
import { failedSpan, type ReadTrace, ROOT, type TraceStore } from './trace.ts';

type AssertTruth<E> = (world: World, traces: TraceStore, scenario: Scenario<E>) => Promise<void>;

/** Requests for this key only set the scene. */
const OTHER = '/other';

/** @param openTraces starts the collector. */
export function describeScenarios(
  title: string,
  openTraces: () => Promise<TraceStore>,
  failures: readonly Scenario[],
  waits: readonly Scenario<ExpectedWait>[],
): void {
  describe(title, () => {
    let shared: World;
    let traces: TraceStore;
    const start = (options: Partial<GatewayOptions>): Promise<TestGateway> =>
      startGateway({
        storeUrl: shared.store.url,
        upload: { multipart_threshold: '5MiB', part_size: '5MiB' },
        tracing: {
          enabled: true,
          otlp: { endpoint: traces.endpoint, protocol: 'http/protobuf' },
          batch: { scheduled_delay_millis: 10 },
        },
        ...options,
      });
    before(async () => {
      const [store, untrusted, engine, provider] = await Promise.all([
        RawStore.start(),
        RawStore.start({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE }),
        FakeEngine.start(),
        IdentityProvider.start(),
      ]);
      traces = await openTraces();
      shared = { store, untrusted, engine, provider } as World;
      shared = { ...shared, gateway: await start({ buckets: bucketsOf(shared) }) };
    });
    after(async () => {
      await shared.gateway.close();
      const { engine, provider, store, untrusted } = shared;
      await Promise.all([engine, provider, store, untrusted, traces].map((each) => each.close()));
    });

    const run = async <E>(scenario: Scenario<E>, assertTruth: AssertTruth<E>): Promise<void> => {
      const { store, engine, provider } = shared;
      store.behaviour = scenario.store?.() ?? answerWell;
      engine.behaviour = provider.behaviour = undefined;
      if (scenario.own === undefined) return assertTruth(shared, traces, scenario);
      const gateway = await start(scenario.own(shared));
      await assertTruth({ ...shared, gateway }, traces, scenario).finally(() => gateway.close());
    };
    for (const scenario of failures) it(`has one truth: ${scenario.what}`, () => run(scenario, assertFailure));
    for (const scenario of waits) it(`has one truth: ${scenario.what}`, () => run(scenario, assertWait));
  });
}

async function assertFailure(world: World, traces: TraceStore, { act, expected, counts = 1 }: Scenario): Promise<void> {
  const { type, span: status, outcome } = expected;
  const counted = countsOf(world.gateway, type);
  const before = await counted();
  const logged = world.gateway.log.length;
  assert.equal(await act(world), expected.response, 'the response');
  assert.equal(FAILURES[type].side, expected.side, 'the side');
  const line = await lineAfter(world.gateway, logged);
  assertLine(line, expected);
  const trace = await traces.trace(String(line.trace_id), (spans) => has(spans, ROOT) && hasCalls(spans, expected));
  const root = spanOf(trace, ROOT);
  assert.deepEqual(
    [
      root?.attributes['error.type'],
      root?.attributes['error.reason'],
      root?.attributes['s3.error.code'],
      root?.isError ? 'error' : 'unset',
    ],
    [type, expected.reason, expected.response?.split(' ')[1], status],
    'the SERVER span',
  );
  for (const [attribute, field] of [
    ['mizuchi.error.detail', 'error_detail'],
    ['mizuchi.request_id', 'request_id'],
    ['mizuchi.bucket', 'bucket'],
    ['s3.operation', 'operation'],
  ] as const)
    assert.equal(root?.attributes[attribute], line[field], `${field} of the log line, on the SERVER span`);
  assert.equal(failedSpan(trace, type)?.name, expected.failed ?? ROOT, 'the span that failed');
  if (expected.failed !== undefined) assert.ok(failedSpan(trace, type)?.isError, 'its status');
  const reasons = trace.map(({ attributes }) => attributes['error.reason']);
  if (expected.cause !== undefined) assert.ok(reasons.includes(expected.cause), `the cause, of ${reasons}`);
  const upload = spanOf(trace, 's3.upload')?.attributes ?? {};
  assert.deepEqual(
    [upload['upload.outcome'], upload['upload.waited_for']],
    [outcome, expected.waitedFor],
    'the span of the upload',
  );
  // After a shutdown there is no port for metrics.
  if (type !== 'shutting_down')
    assert.deepEqual(
      await counted(),
      before.map((count) => count + counts),
      'the metrics',
    );
}

const hasCalls = (trace: ReadTrace, { failed, outcome }: ExpectedFailure): boolean =>
  (failed === undefined || has(trace, failed)) && (outcome === undefined || has(trace, 's3.upload'));

function assertLine(line: LogLine, expected: ExpectedFailure): void {
  const [status, code] = expected.response?.split(' ') ?? [];
  const { level, status: shown, error_type, error_code, error_reason, outcome } = line;
  assert.deepEqual(
    { level, status: shown, error_type, error_reason, outcome },
    {
      level: expected.level ?? 'warn',
      status: status === undefined ? undefined : Number(status),
      error_type: expected.type,
      error_reason: expected.reason,
      outcome: expected.outcome,
    },
    'the log line',
  );
  if (code !== undefined) assert.equal(error_code, code, 'the code in the log line');
}

async function assertWait(world: World, traces: TraceStore, scenario: Scenario<ExpectedWait>): Promise<void> {
  const { act, expected } = scenario;
  const logged = world.gateway.log.length;
  assert.equal(await act(world), expected.response, 'the response');
  const line = await lineAfter(world.gateway, logged);
  assert.deepEqual([line.status, line.error_type], [Number(expected.response), undefined], 'the log line');
  const trace = await traces.trace(String(line.trace_id), (spans) => has(spans, ROOT) && has(spans, 's3.upload'));
  assert.deepEqual(longPlaces(trace), expected.slow.toSorted(), 'the places whose time is long');
  const upload = spanOf(trace, 's3.upload')!.attributes;
  for (const who of ['client', 'store'] as const) {
    const difference = Number(line[`${who}_wait_seconds`]) - Number(upload[`upload.${who}_wait_seconds`]);
    assert.ok(Math.abs(difference) < 0.001, `the log line has the same wait for the ${who}`);
  }
}

const has = (trace: ReadTrace, name: string): boolean => spanOf(trace, name) !== undefined;
const spanOf = (trace: ReadTrace, name: string) => trace.find((span) => span.name === name);

/** Reads how often the two counters of requests have this failure: of uploads or refusals, and of durations. */
function countsOf({ app }: TestGateway, type: string): () => Promise<number[]> {
  return async () => {
    const read = await readMetrics(`http://127.0.0.1:${app.metricsPort}/metrics`);
    const result = `result="${type}"`;
    const counted = read('mizuchi_uploads_total', result) + read('mizuchi_refused_requests_total', result);
    return [counted, read('mizuchi_request_duration_seconds_count', `error_type="${type}"`)];
  };
}

async function lineAfter({ log }: TestGateway, count: number): Promise<LogLine> {
  const line = (): LogLine | undefined =>
    log.slice(count).find(({ message, path }) => message === 'request' && !String(path).endsWith(OTHER));
  await until(() => line() !== undefined);
  return line()!;
}
