/** One process that serves uploads, as the live view sees it: it watches the report of each request, and the services. */
import type { Config } from '../config/config.ts';
import type { RecordedRequests } from '../domain/recorded-requests.ts';
import type { FinishedRequest, Report } from '../gateway/report.ts';
import { timeoutsOf } from './deadlines.ts';
import { LiveUploads, type ServedWith } from './live-uploads.ts';
import { RecentFailures } from './recent-failures.ts';
import { RecentRequests } from './recent-requests.ts';
import { ServiceHealth } from './services.ts';
import { ShownKeys } from './shown-keys.ts';
import type { ProcessView } from './sources.ts';

export interface ObservedProcessOptions {
  /** The key of hashes of object keys and callers: the same for all gateways of a fleet. */
  readonly secret: Buffer;
  readonly showKeys: boolean;
  /** Undefined where no spans are collected. */
  readonly recorded: RecordedRequests | undefined;
  /** Notified of the first request that the view could not keep. */
  failed(error: Error): void;
}

export class ObservedProcess {
  readonly services = new ServiceHealth();
  readonly #live: LiveUploads;
  readonly #recent: RecentRequests;
  readonly #failures: RecentFailures;
  readonly #failed: (error: Error) => void;
  #hasFailed = false;

  constructor({ secret, showKeys, recorded, failed }: ObservedProcessOptions) {
    const keys = new ShownKeys(secret, showKeys);
    this.#live = new LiveUploads(keys);
    this.#recent = new RecentRequests({ keys, recorded });
    this.#failures = new RecentFailures(keys);
    this.#failed = failed;
  }

  /** Passes everything on. @param config that the requests are served with. */
  watch(report: Report, config: Config): Report {
    const servedWith = servedBy(config);
    return {
      begin: (startedAt) => {
        const record = report.begin(startedAt);
        this.#live.begun(record, servedWith);
        return record;
      },
      finish: (request) => {
        this.#live.ended(request.record);
        report.finish(request);
        this.#keep(request);
      },
    };
  }

  /** Never throws: an error in the report of a request would end the process, and with it all uploads. */
  #keep(request: FinishedRequest): void {
    try {
      this.#recent.finished(request);
      this.#failures.finished(request);
    } catch (error) {
      if (!this.#hasFailed) this.#failed(error as Error);
      this.#hasFailed = true;
    }
  }

  get view(): ProcessView {
    return {
      uploads: async () => this.#live.snapshot(),
      requests: async (since) => this.#recent.requests(since),
      trace: async (traceId) => this.#recent.trace(traceId),
      health: async () => ({ services: this.services.services(), failures: this.#failures.groups() }),
    };
  }
}

function servedBy(config: Config): ServedWith {
  const timeouts = new Map(config.buckets.map((bucket) => [bucket.name, timeoutsOf(config, bucket)]));
  return { timeoutsOf: (bucket) => timeouts.get(bucket) };
}
