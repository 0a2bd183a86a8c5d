/**
 * Random uploads through a running gateway to a store on disk. Afterwards the store has the whole object of each client that got
 * a success, and nothing of the others; every due response has arrived, and no place, descriptor or part is left in use.
 */
import { randomFillSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultPlan } from '../../../src/rehearsal/store/faults.ts';
import { EmbeddedStore, sha256 } from '../../support/embedded-store.ts';
import { readMetrics } from '../../support/read-metrics.ts';
import { startGateway } from '../../support/start-gateway.ts';
import { Finding } from '../fuzz-parsers.ts';
import { below, type Random } from '../random-text.ts';
import { type Outcome, sendTransfers } from './client.ts';
import { describeTransfer, randomTransfer, SOURCE_BYTES, type Transfer } from './transfer.ts';

/** Of one connection. */
const MOST_UPLOADS = 4;
/** Connections. */
const AT_ONCE = 24;
const REST_MILLIS = 20_000;
/** What is above 0 while an upload is under way. */
const GAUGES = [
  'mizuchi_uploads_in_flight',
  'mizuchi_connections',
  'mizuchi_part_memory_bytes',
  'mizuchi_pump_transfers',
] as const;

export interface FuzzedGateway {
  readonly port: number;
  readonly metricsUrl: string;
  /** Lines of its log, which the fuzzer reads and removes. */
  readonly log: Record<string, unknown>[];
  close(): Promise<unknown>;
}

/** Sections of its configuration: timeouts that a busy machine does not reach, and each way of sending for some of the uploads. */
export const FUZZED_CONFIG = {
  server: { address: '127.0.0.1:0', body_idle_timeout_seconds: 6 },
  s3: { answer_timeout_seconds: 6, stall_timeout_seconds: 6, max_connections: 24 },
  upload: { multipart_threshold: '5MiB', part_size: '5MiB', memory_limit: '32MiB', pump_threads: 2 },
};

async function inThisProcess(storeUrl: string): Promise<FuzzedGateway> {
  const { app, log, close } = await startGateway({ storeUrl, ...FUZZED_CONFIG });
  return {
    port: app.port,
    metricsUrl: `http://127.0.0.1:${app.metricsPort}/metrics`,
    log: log as FuzzedGateway['log'],
    close,
  };
}

export class TransferFuzzer {
  readonly #store: EmbeddedStore;
  readonly #faults: FaultPlan;
  readonly #gateway: FuzzedGateway;
  readonly #source = randomFillSync(Buffer.allocUnsafe(SOURCE_BYTES));
  #uploads = 0;
  #stored = 0;

  private constructor(store: EmbeddedStore, faults: FaultPlan, gateway: FuzzedGateway) {
    this.#store = store;
    this.#faults = faults;
    this.#gateway = gateway;
  }

  /** @param startGateway starts the gateway in front of the store; in this process by default. */
  static async start(
    startGateway: (storeUrl: string) => Promise<FuzzedGateway> = inThisProcess,
  ): Promise<TransferFuzzer> {
    const faults = new FaultPlan();
    const store = await EmbeddedStore.start({ faults });
    return new TransferFuzzer(store, faults, await startGateway(store.url));
  }

  /** Uploads that were judged, and those that were stored. */
  get counts(): { readonly uploads: number; readonly stored: number } {
    return { uploads: this.#uploads, stored: this.#stored };
  }

  /** The number of connections, of which some are open at once. @throws Finding */
  async round(random: Random, connections: number): Promise<void> {
    const plans = Array.from({ length: connections }, (_, i) => this.#plan(random, i)).values();
    const outcomes: Outcome[] = [];
    const run = async (): Promise<void> => {
      for (const transfers of plans) outcomes.push(...(await sendTransfers(this.#gateway.port, 'uploads', transfers)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, run));
    await this.#rest();
    this.#faults.clear();
    for (const outcome of outcomes) await this.#judge(outcome);
    const left = await this.#store.openUploads();
    if (left.length > 0) throw new Finding(`parts are left of ${left.join(', ')}`);
    this.#judgeLog();
  }

  async close(): Promise<void> {
    await this.#gateway.close();
    await this.#store.close();
  }

  #plan(random: Random, connection: number): Transfer[] {
    const count = 1 + below(random, MOST_UPLOADS);
    const key = (i: number): string => `fuzz/${this.#uploads}-${connection}-${i}`;
    const transfers = Array.from({ length: count }, (_, i) => randomTransfer(random, key(i), this.#source));
    for (const { key, fault } of transfers) if (fault !== undefined) this.#plant(random, key, fault);
    return transfers;
  }

  /** Not at CreateMultipartUpload: nobody could abort an upload whose ID is unknown. */
  #plant(random: Random, key: string, { fault, times }: NonNullable<Transfer['fault']>): void {
    const ofParts = random() < 0.7 ? 'UploadPart' : 'CompleteMultipartUpload';
    for (const operation of ['PutObject', ofParts]) this.#faults.add({ on: { key, operation }, fault, times });
  }

  async #judge({ transfer, status, isDue }: Outcome): Promise<void> {
    const { key, object, body, isWrong, end, fault } = transfer;
    const isCut = end !== undefined && end.at < body.bytes.length;
    const wrong = (what: string): Finding => {
      const connection = key.slice(0, key.lastIndexOf('-'));
      const lines = this.#gateway.log.filter(({ path }) => path === '' || String(path).includes(`${connection}-`));
      const shown = [
        `${what}, status ${status}:`,
        describeTransfer(transfer),
        ...lines.map((line) => JSON.stringify(line)),
      ];
      return new Finding(shown.join('\n'));
    };
    const stored = await this.#store.sumOf(key);
    await this.#store.remove(key);
    const isStored = stored !== undefined;
    this.#uploads++;
    if (isStored) this.#stored++;
    if (isStored && stored !== sha256(object)) throw wrong('the store has another object');
    if (status === 200 && !isStored) throw wrong('the store has no object');
    if (isStored && (isWrong || isCut) && !isSame(transfer)) throw wrong('the store has an object');
    const outcome = this.#lineOf(key)?.outcome;
    if (isStored && outcome === 'not_stored') throw wrong('the store has the object of a failed upload');
    if (!isStored && outcome === 'stored') throw wrong('the store does not have the object');
    if (isStored && status !== undefined && status !== 200 && !fault?.afterwards && outcome !== 'unknown')
      throw wrong('the store has the object of a failed upload');
    if (isDue && status === undefined) throw wrong('there is no response');
    const isGood = isDue && !isWrong && end === undefined && fault === undefined;
    if (isGood && status !== 200) throw wrong('the upload failed');
  }

  #lineOf(key: string): Record<string, unknown> | undefined {
    return this.#gateway.log.find(({ path }) => path === `/uploads/${key}`);
  }

  async #rest(): Promise<void> {
    const deadline = performance.now() + REST_MILLIS;
    for (;;) {
      const figure = await readMetrics(this.#gateway.metricsUrl);
      const busy = GAUGES.filter((name) => figure(name) !== 0);
      if (busy.length === 0) return;
      if (performance.now() > deadline) throw new Finding(`still in use: ${busy.join(', ')}`);
      await delay(20);
    }
  }

  #judgeLog(): void {
    const failed = this.#gateway.log
      .splice(0)
      .find(({ level, error_type }) => error_type === 'internal_error' || (level === 'error' && !error_type));
    if (failed !== undefined) throw new Finding(`a failure of the gateway itself: ${JSON.stringify(failed)}`);
  }
}

/** Whether the bytes that were changed are bytes that mean the same, as upper-case digits of a chunk's size. */
function isSame({ kind, isWrong, end }: Transfer): boolean {
  return kind === 'aws-chunked' && isWrong && end === undefined;
}
