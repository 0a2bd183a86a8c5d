/**
 * Ten minutes with an unreliable collector: checks that tracing neither fails nor delays uploads, leaks no memory or descriptors,
 * and accounts for every span.
 *
 *   npm run soak [-- --minutes N] [--phase SECONDS] [--fallback]
 *   npm run soak -- bodies [--minutes N] [--seed S]: uploads in every way of sending (soak-bodies.ts)
 *
 * The gateway runs in a separate process, exports all traces over OTLP/HTTP, and is loaded without a pause, in turns with a twin
 * without tracing: uploads are delayed if they take much longer than those of the twin at the same time. The collector changes its
 * behaviour every five seconds. Every other time it works; in between it is down, hangs, resets, responds byte by byte, sends
 * invalid HTTP or 400 MB, takes eight seconds (within the timeout), rejects two spans of each batch, or responds with 503 and 429
 * with Retry-After, 400, 401 or 413. At the end it works for half a minute. Each condition is printed with its figure; the exit code
 * is 1 if one fails.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { bytesField, intField, readFields } from '../src/kit/protobuf.ts';
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts';
import { isStalled, type Latencies, latencyText, noLatencies } from '../test/support/latencies.ts';
import { PairedLoad } from '../test/support/paired-load.ts';
import { openDescriptors, residentBytes } from '../test/support/process-figures.ts';
import { RawStore } from '../test/support/raw-store.ts';
import { readMetrics } from '../test/support/read-metrics.ts';
import { savedSpans } from '../test/support/saved-spans.ts';
import { soakBodies } from './soak-bodies.ts';

const SPANS_PER_UPLOAD = 4;
const CLIENTS = 8;
const SAMPLE_MILLIS = 1_000;
const RECOVERY_MILLIS = 30_000;
/** Time to export the last spans at the end, and a margin for a busy machine. */
const LONGEST_END_MILLIS = 5_000 + 500;
/** Less than the default timeout of the exporter: such a response counts. */
const SLOW_MILLIS = 8_000;
/** MiB. Whether memory grows can be seen when V8 has found its size: after some minutes. */
const MOST_RESIDENT = 400;
const MOST_GROWTH = 24;
const MINUTES_TO_SETTLE = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    phase: { type: 'string', default: '5' },
    fallback: { type: 'boolean', default: false },
  },
});
const [minutes, phaseSeconds] = [Number(values.minutes), Number(values.phase)];
if (!(minutes > 0 && phaseSeconds > 0)) throw new Error('--minutes and --phase are numbers above 0');

const STATUSES: Readonly<Record<string, readonly [status: number, retryAfter?: string]>> = {
  'returns 503': [503, '2'],
  'returns 429': [429, '1'],
  'returns 400': [400],
  'returns 401': [401],
  'returns 413': [413],
};
const WORSE = ['away', 'hangs', 'resets', 'trickles', 'speaks no HTTP', 'floods', 'slow', 'takes all but two'];
const MODES: readonly string[] = [...WORSE, ...Object.keys(STATUSES)];

/** Counts what it has acknowledged, and every span that it has seen, by its id. */
class FlappingCollector {
  mode = 'well';
  /** Spans of requests with a successful response, without rejected spans. */
  acknowledged = 0;
  /** Slow responses, and slow responses after the timeout of the exporter. */
  slow = 0;
  tooSlow = 0;
  readonly #ids = new Set<string>();
  #server: http.Server | undefined;
  #port = 0;

  async open(): Promise<number> {
    this.#server = http.createServer((request, response) => void this.#take(request, response).catch(() => {}));
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#server = undefined;
  }

  async become(mode: string): Promise<void> {
    this.mode = mode;
    if (mode === 'away') this.close();
    else if (this.#server === undefined) await this.open();
  }

  /** Different spans that were seen, acknowledged or not. */
  get seen(): number {
    return this.#ids.size;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { mode } = this;
    if (mode === 'resets') request.socket.resetAndDestroy();
    const body = await buffer(request);
    const ids = spanIdsOf(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    if (mode === 'hangs') return;
    if (mode === 'speaks no HTTP') request.socket.end('who is there?\r\n\r\n');
    if (mode === 'trickles' || mode === 'floods') {
      await pour(response, mode === 'floods' ? FLOOD_PIECE : TRICKLE_PIECE, mode === 'floods' ? 0 : 200);
      return;
    }
    if (mode === 'slow') await this.#wait(response);
    const reply = STATUSES[mode];
    if (reply !== undefined) {
      response.writeHead(reply[0], reply[1] === undefined ? {} : { 'retry-after': reply[1] }).end();
      return;
    }
    const rejected = mode === 'takes all but two' ? Math.min(2, ids.length) : 0;
    for (const id of ids) this.#ids.add(id);
    const answer = rejected > 0 ? bytesField(1, [intField(1, rejected)]) : new Uint8Array();
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(answer);
    response.once('finish', () => void (this.acknowledged += ids.length - rejected));
  }

  async #wait(response: ServerResponse): Promise<void> {
    await sleep(SLOW_MILLIS);
    this.slow++;
    if (response.destroyed) this.tooSlow++;
  }
}

const TRICKLE_PIECE = Buffer.alloc(1, ' ');
const FLOOD_PIECE = Buffer.alloc(64 * 1024, ' ');
const FLOOD_BYTES = 400 * 1024 ** 2;

/** An answer that does not end before the reader has had enough of it. */
async function pour(response: ServerResponse, piece: Buffer, pauseMillis: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' });
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < FLOOD_BYTES; sent += piece.length) {
      yield piece;
      if (pauseMillis > 0) await sleep(pauseMillis);
    }
  }
  await pipeline(pieces, response).catch(() => {});
}

function spanIdsOf(request: Uint8Array): string[] {
  const ids: string[] = [];
  for (const resource of messages(request, 1))
    for (const scope of messages(resource, 2))
      for (const span of messages(scope, 2))
        for (const id of messages(span, 2)) ids.push(Buffer.from(id).toString('hex'));
  return ids;
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...readFields(message)].flatMap(({ number, value }) =>
    number === field && typeof value !== 'bigint' ? [value] : [],
  );
}

interface Sample {
  /** MiB. */
  readonly resident: number;
  readonly descriptors: number;
}

function sampleOf(pid: number): Sample {
  return { resident: residentBytes(pid) / 1024 ** 2, descriptors: openDescriptors(pid) };
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

/** By what the collector did meanwhile. */
class LatenciesByMode {
  readonly #all = new Map<string, Latencies>();

  of(mode: string): Latencies {
    const known = this.#all.get(mode) ?? noLatencies();
    this.#all.set(mode, known);
    return known;
  }

  /** What the collector did while uploads were held up. */
  stalled(): string[] {
    return [...this.#all].filter(([, latencies]) => isStalled(latencies)).map(([mode]) => mode);
  }

  /** Of all modes but one. */
  besides(mode: string): Latencies {
    const others = [...this.#all].filter(([other]) => other !== mode).map(([, latencies]) => latencies);
    return { traced: others.flatMap(({ traced }) => traced), twin: others.flatMap(({ twin }) => twin) };
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-soak-'));
  const store = await RawStore.start();
  const collector = new FlappingCollector();
  const endpoint = `http://127.0.0.1:${await collector.open()}`;
  const spans = join(folder, 'spans.jsonl');
  const start = (tracing: object): Promise<GatewayProcess> =>
    startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [
        { name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' } },
      ],
      tracing,
      metrics: { port: 0 },
    });
  const gateway = await start({
    otlp: { endpoint, protocol: 'http/protobuf' },
    sampling: { strategy: 'always' },
    batch: { max_queue_size: 20_000, max_queue_bytes: '16MiB', scheduled_delay_millis: 500 },
    ...(values.fallback && { fallback: 'file', fallback_file: { path: spans, max_size: '1GiB' } }),
  });
  const twin = await start({ enabled: false });
  const load = new PairedLoad({ traced: gateway.url, twin: twin.url }, { clients: CLIENTS, pauseMillis: 0 });
  const latencies = new LatenciesByMode();
  const samples: Sample[] = [];
  load.latencies = latencies.of('well');
  load.start();
  // What tells of each request would fill this process in ten minutes.
  const forget = setInterval(() => {
    store.requests.splice(0);
    for (const { log } of [gateway, twin]) log.splice(0, log.length, ...log.filter(({ msg }) => msg !== 'request'));
  }, 500);
  const sampling = setInterval(() => samples.push(sampleOf(gateway.process.pid!)), SAMPLE_MILLIS);
  const end = performance.now() + minutes * 60_000;
  for (let phase = 0; performance.now() < end; phase++) {
    await collector.become(phase % 2 === 0 ? 'well' : MODES[(phase >> 1) % MODES.length]!);
    load.latencies = latencies.of(collector.mode);
    await sleep(Math.min(phaseSeconds * 1000, Math.max(0, end - performance.now())));
  }
  await collector.become('well');
  await load.stop();
  load.close();
  clearInterval(sampling);
  const recovered = await until(
    RECOVERY_MILLIS,
    async () => (await readMetrics(gateway.metricsUrl))('mizuchi_tracer_queue_spans') === 0,
  );
  const figure = await readMetrics(gateway.metricsUrl);
  clearInterval(forget);
  const [exported, dropped, saved] = ['exported', 'dropped', 'fallback'].map((name) =>
    figure(`mizuchi_tracer_${name}_spans_total`),
  ) as [number, number, number];
  const closing = performance.now();
  const exitCode = await gateway.stop();
  const closed = performance.now() - closing;
  await twin.stop();
  collector.close();
  await store.close();
  const written = await savedSpans(folder);
  await rm(folder, { recursive: true });

  const produced = load.uploads * SPANS_PER_UPLOAD;
  const stalled = latencies.stalled();
  const half = samples.slice(samples.length >> 2);
  const [first, last] = [half.slice(0, half.length >> 1), half.slice(half.length >> 1)];
  const grown = median(last.map(({ resident }) => resident)) - median(first.map(({ resident }) => resident));
  const largest = Math.max(...samples.map(({ resident }) => resident));
  const descriptors = median(last.map((one) => one.descriptors)) - median(first.map((one) => one.descriptors));
  const lines = gateway.log.filter(({ msg }) => /span|collector/.test(String(msg))).length;
  const verdicts: [holds: boolean, text: string][] = [
    [load.failed.length === 0, `${load.failed.length} uploads failed of ${load.uploads}, and of as many to the twin`],
    [
      stalled.length === 0,
      stalled.length === 0
        ? 'no upload was held up, whatever the collector did'
        : `uploads were held up, by these states of the collector: ${stalled.join(', ')}`,
    ],
    [
      produced === exported + dropped + saved,
      `${produced} spans = ${exported} delivered + ${dropped} dropped + ${saved} written to the fallback`,
    ],
    [
      collector.acknowledged >= exported,
      `the collector has acknowledged ${collector.acknowledged} and seen ${collector.seen} different ones`,
    ],
    [collector.tooSlow === 0, `${collector.tooSlow} of ${collector.slow} responses after 8 s were too late`],
    [saved === written, `${written} of them are in files`],
    [
      largest < MOST_RESIDENT && (grown < MOST_GROWTH || minutes < MINUTES_TO_SETTLE),
      `resident memory: median ${median(half.map(({ resident }) => resident)).toFixed(0)} MiB, largest ${largest.toFixed(0)} MiB, second half by first ${grown >= 0 ? '+' : '−'}${Math.abs(grown).toFixed(1)} MiB`,
    ],
    [
      Math.abs(descriptors) <= 8,
      `descriptors: median ${median(half.map((one) => one.descriptors))}, largest ${Math.max(...samples.map((one) => one.descriptors))}`,
    ],
    [lines <= Math.ceil(2 * (minutes + 1)), `${lines} log lines of the tracer`],
    [
      recovered !== undefined,
      `the queue was empty ${((recovered ?? Number.POSITIVE_INFINITY) / 1000).toFixed(1)} s after the last failure`,
    ],
    [closed < LONGEST_END_MILLIS && exitCode === 0, `the end took ${(closed / 1000).toFixed(1)} s`],
  ];
  console.log(`${minutes} minutes under a collector that changes every ${phaseSeconds} s\n`);
  for (const [holds, text] of verdicts) console.log(`  ${holds ? '✓' : '✗'} ${text}`);
  for (const [when, { traced, twin }] of [
    ['while the collector was well', latencies.of('well')],
    ['while it was not', latencies.besides('well')],
  ] as const) {
    console.log(`\n  an upload took ${latencyText(traced)} ${when}`);
    console.log(`    without tracing ${latencyText(twin)}`);
  }
  if (verdicts.some(([holds]) => !holds)) process.exitCode = 1;
}

/** @returns milliseconds after which it held; undefined if it did not in time. */
async function until(millis: number, holds: () => Promise<boolean>): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < millis) {
    if (await holds()) return performance.now() - start;
    await sleep(200);
  }
  return undefined;
}

if (positionals[0] === 'bodies') await soakBodies(minutes, Number(values.seed));
else await main();
