/** The requests that this process is serving. Without watchers, a request costs one entry of a linked list. */
import type { RequestRecord } from '../gateway/stages.ts';
import { type Aged, AgeList } from '../kit/age-list.ts';
import { deadlineOf, type Timeouts } from './deadlines.ts';
import type { LivePart, Upload } from './documents.ts';
import { Rates } from './rates.ts';
import type { ShownKeys } from './shown-keys.ts';
import type { UploadsOfProcess } from './sources.ts';

/** Most uploads of one document. */
const MOST = 1_000;

/** How names are shown that may be personal data. */
type ShownNames = Pick<ShownKeys, 'key' | 'caller' | 'upload'>;

/** One generation of the configuration, as it matters to the requests that began with it. */
export interface ServedWith {
  timeoutsOf(bucket: string): Timeouts | undefined;
}

/** Linked, and not in a Map: docs/decisions/short-lived-entries.md. */
class Running implements Aged<Running> {
  older: Running | undefined = undefined;
  newer: Running | undefined = undefined;
  readonly record: RequestRecord;
  readonly servedWith: ServedWith;

  constructor(record: RequestRecord, servedWith: ServedWith) {
    this.record = record;
    this.servedWith = servedWith;
  }
}

export class LiveUploads {
  readonly #names: ShownNames;
  readonly #rates = new Rates();
  /** In the order of their begin. */
  readonly #running = new AgeList<Running>();
  #count = 0;

  constructor(names: ShownNames) {
    this.#names = names;
  }

  begun(record: RequestRecord, servedWith: ServedWith): void {
    const running = new Running(record, servedWith);
    record.live = running;
    this.#running.add(running);
    this.#count++;
  }

  ended(record: RequestRecord): void {
    if (record.live === undefined) return;
    this.#running.remove(record.live as Running);
    record.live = undefined;
    this.#count--;
    this.#rates.forget(record);
  }

  snapshot(): UploadsOfProcess {
    const now = performance.now();
    const uploads: Upload[] = [];
    this.#rates.begin(now);
    for (let next = this.#running.oldest; next !== undefined && uploads.length < MOST; next = next.newer)
      uploads.push(this.#uploadOf(next.record, next.servedWith, now));
    this.#rates.end();
    return { total: this.#count, uploads };
  }

  #uploadOf(record: RequestRecord, servedWith: ServedWith, now: number): Upload {
    const { routed, named, transfer, span, stage } = record;
    const wait = transfer.currentWait;
    const ageMillis = Math.max(0, now - record.startedAt);
    return {
      id: record.requestId ?? '',
      trace_id: span?.traceId ?? null,
      started_at: Date.now() - ageMillis,
      age_seconds: ageMillis / 1000,
      bucket: routed?.bucket.name ?? named?.bucket ?? null,
      key: routed === undefined || routed.key === '' ? null : this.#names.key(routed.key),
      caller: record.subject === undefined ? null : this.#names.caller(record.subject),
      operation: routed?.operation ?? named?.operation ?? null,
      part_number: routed?.partNumber ?? null,
      upload: routed?.uploadId === undefined ? null : this.#names.upload(routed.uploadId),
      way: transfer.way ?? null,
      stage,
      size_bytes: transfer.sizeBytes ?? null,
      received_bytes: transfer.bytes,
      bytes_per_second: this.#rates.of(record, transfer.bytes, ageMillis),
      waiting_for: wait?.cause ?? null,
      waiting_seconds: wait === undefined ? null : Math.max(0, now - wait.since) / 1000,
      deadline: deadlineOf(record, routed && servedWith.timeoutsOf(routed.bucket.name), now),
      parts: partsOf(record, now),
      worker: null,
    };
  }
}

function partsOf({ transfer }: RequestRecord, now: number): LivePart[] {
  return Array.from(transfer.parts, ({ number, bytes, since, connection }) => ({
    number,
    bytes,
    age_seconds: Math.max(0, now - since) / 1000,
    waiting_for: connection.isRunning ? 'connection' : 'store',
  }));
}
