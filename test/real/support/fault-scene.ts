/** A gateway that traces everything, its collector, and the load on it and on its twin: what one fault of a collector needs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { PairedLoad } from '../../support/paired-load.ts';
import { residentBytes } from '../../support/process-figures.ts';
import { readMetrics } from '../../support/read-metrics.ts';
import { savedSpans } from '../../support/saved-spans.ts';
import { AUTHORITY } from '../../support/test-authority.ts';
import { takes } from './collector-behaviours.ts';
import type { CollectorFault } from './collector-faults.ts';
import { endWithUs } from './end-with-us.ts';
import { eventually } from './eventually.ts';
import { SwitchableCollector } from './switchable-collector.ts';

/** http.server.request, auth.verify, s3.upload, aws.s3.put_object. */
const SPANS_PER_UPLOAD = 4;
/** What the queue holds is reached in a second of the load. */
const SMALL = { max_queue_size: 128, max_queue_bytes: '2MiB', max_export_batch_size: 16, scheduled_delay_millis: 50 };
const PACE = { clients: 2, pauseMillis: 35 };
const LOOK_MILLIS = 250;

/** What became of the spans of all uploads so far. */
export interface Books {
  readonly produced: number;
  readonly queued: number;
  /** Most that may be queued. */
  readonly capacity: number;
  readonly exported: number;
  readonly dropped: number;
  readonly saved: number;
}

/** The most that was seen. */
export interface Peaks {
  readonly residentBytes: number;
  readonly queuedSpans: number;
}

export class FaultScene {
  /** Undefined where there is none at the address that the gateway was told. */
  readonly collector: SwitchableCollector | undefined;
  readonly gateway: GatewayProcess;
  readonly load: PairedLoad;
  readonly #folder: string;
  readonly #startedAt = performance.now();

  private constructor(
    collector: SwitchableCollector | undefined,
    gateway: GatewayProcess,
    twin: GatewayProcess,
    folder: string,
  ) {
    this.collector = collector;
    this.gateway = gateway;
    this.load = new PairedLoad({ traced: gateway.url, twin: twin.url }, PACE);
    this.#folder = folder;
  }

  /** The collector is well. */
  static async open(fault: CollectorFault, storeUrl: string, twin: GatewayProcess): Promise<FaultScene> {
    const { behaviour, protocol, well = takes(protocol) } = fault;
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-faults-'));
    const collector = behaviour && (await SwitchableCollector.open(well));
    const host = collector === undefined ? 'collector.invalid:4317' : `127.0.0.1:${collector.port}`;
    const gateway = await startTraced(fault, host, storeUrl, folder);
    return new FaultScene(collector, gateway, twin, folder);
  }

  /** Uploads for so long, with an eye on what the gateway holds. */
  async watch(seconds: number): Promise<Peaks> {
    const resident: number[] = [];
    const queued: number[] = [];
    this.load.start();
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      await sleep(LOOK_MILLIS);
      resident.push(residentBytes(this.gateway.process.pid!));
      queued.push((await this.books()).queued);
    }
    await this.load.stop();
    return { residentBytes: Math.max(...resident), queuedSpans: Math.max(...queued) };
  }

  async books(): Promise<Books> {
    const figure = await readMetrics(this.gateway.metricsUrl);
    return {
      produced: this.load.uploads * SPANS_PER_UPLOAD,
      queued: figure('mizuchi_tracer_queue_spans'),
      capacity: figure('mizuchi_tracer_queue_capacity_spans'),
      exported: figure('mizuchi_tracer_exported_spans_total'),
      dropped: figure('mizuchi_tracer_dropped_spans_total'),
      saved: figure('mizuchi_tracer_fallback_spans_total'),
    };
  }

  /** The books when nothing waits any more. The load must be over. */
  settled(seconds: number): Promise<Books> {
    const closedBooks = async (): Promise<Books | undefined> => {
      const books = await this.books();
      return books.queued === 0 ? books : undefined;
    };
    return eventually('nothing waits for the collector', closedBooks, seconds);
  }

  /** Spans in the files of the fallback. */
  savedSpans(): Promise<number> {
    return savedSpans(this.#folder);
  }

  /** All that the gateway has written beside its requests; apart what it says at its end of spans that are lost with it. */
  failureLines(): { readonly lines: string[]; readonly last: string[] } {
    const { log, errors } = this.gateway;
    const since = log.slice(log.findIndex(({ msg }) => msg === 'listening') + 1);
    const isLast = ({ msg }: { readonly msg?: unknown }) => msg === 'spans were dropped at shutdown';
    const said = since.filter((line) => line.msg !== 'request' && !isLast(line)).map((line) => JSON.stringify(line));
    return {
      lines: [...said, ...errors.split('\n').filter(Boolean)],
      last: since.filter(isLast).map((line) => JSON.stringify(line)),
    };
  }

  get minutes(): number {
    return (performance.now() - this.#startedAt) / 60_000;
  }

  async close(): Promise<void> {
    this.gateway.process.kill('SIGKILL');
    await this.gateway.exited;
    await this.load.stop();
    this.load.close();
    await this.collector?.close();
    await rm(this.#folder, { recursive: true });
  }
}

async function startTraced(
  { protocol, secure, fallback, defaults }: CollectorFault,
  host: string,
  storeUrl: string,
  folder: string,
): Promise<GatewayProcess> {
  const authority = join(folder, 'authority.pem');
  if (secure) await writeFile(authority, AUTHORITY);
  return startGateway(storeUrl, {
    otlp: {
      endpoint: `${secure ? 'https' : 'http'}://${host}`,
      protocol,
      ...(secure && { tls: { ca_file: authority } }),
      ...(!defaults && { timeout_seconds: 2 }),
    },
    sampling: { strategy: 'always' },
    ...(!defaults && { batch: SMALL }),
    ...(fallback && { fallback: 'file', fallback_file: { path: join(folder, 'spans.jsonl') } }),
  });
}

/** @param tracing its section of the configuration. */
export async function startGateway(storeUrl: string, tracing: object): Promise<GatewayProcess> {
  const s3 = { bucket: 'my-bucket', endpoint: storeUrl, access_key: 'a', secret_key: 's' };
  const gateway = await startGatewayProcess({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3 }],
    tracing,
    metrics: { port: 0 },
  });
  endWithUs(gateway.process);
  return gateway;
}
