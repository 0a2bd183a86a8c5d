/**
 * The health of the services that one process uses: stores, policy engines, identity providers and collectors. It watches the same
 * events as the metrics. A call costs a few additions, and nothing of it is kept but the last error.
 */
import type { AuthObserver } from '../domain/auth-observer.ts';
import { FAILURES, type FailureType } from '../domain/failures.ts';
import type { Span } from '../domain/span.ts';
import type { StoreAttempt, StoreObserver } from '../domain/store-observer.ts';
import { collectorService, type WatchedExport } from './collector-service.ts';
import type { Service, ServiceKind } from './documents.ts';
import { ServiceRecord } from './service-record.ts';

/** Most services: others are not shown. */
const MAX_SERVICES = 200;

export class ServiceHealth {
  readonly #now: () => number;
  readonly #records = new Map<string, ServiceRecord>();
  readonly #exports: WatchedExport[] = [];

  /** @param now milliseconds of Unix time. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Passes the events on. @param origin of the store. */
  watchStore(next: StoreObserver, bucket: string, origin: string): StoreObserver {
    const record = this.#use('store', bucket, origin);
    if (record === undefined) return next;
    return {
      attempted: (attempt) => {
        next.attempted(attempt);
        this.#attempted(record, attempt);
      },
      closed: () => {
        next.closed();
        this.#leave(record);
      },
    };
  }

  /** Passes the events on. */
  watchAuth(next: AuthObserver): AuthObserver {
    return {
      ...next,
      calls: (bucket, engine, figures, origin) => {
        const forget = next.calls(bucket, engine, figures, origin);
        const record = this.#use('policy', engineName(bucket, engine), origin);
        return () => {
          forget();
          this.#leave(record);
        };
      },
      breaker: (bucket, engine, state, origin) => {
        next.breaker(bucket, engine, state, origin);
        const record = this.#find('policy', engineName(bucket, engine), origin);
        if (record !== undefined) record.breaker = state;
      },
      engineCalled: (call) => {
        next.engineCalled(call);
        const { bucket, engine, origin, outcome, cause, seconds, span } = call;
        const errorType = outcome === 'allow' || outcome === 'deny' ? undefined : outcome;
        this.#called(this.#find('policy', engineName(bucket, engine), origin), { errorType, cause, seconds, span });
      },
      keySource: (provider) => {
        const forget = next.keySource(provider);
        const record = this.#use('identity', provider, provider);
        return () => {
          forget();
          this.#leave(record);
        };
      },
      keysFetched: (result, provider, seconds, span, cause) => {
        next.keysFetched(result, provider, seconds, span, cause);
        const errorType = result === 'error' ? 'keys_unavailable' : undefined;
        this.#called(this.#find('identity', provider, provider), { errorType, cause, seconds, span });
      },
    };
  }

  watchExport(exported: WatchedExport): void {
    this.#exports.push(exported);
  }

  services(): Service[] {
    const now = this.#now();
    const called = [...this.#records.values()].map((record) => record.service(now));
    return [...called, ...this.#exports.map(collectorService)];
  }

  #attempted(record: ServiceRecord, { isCancelled, errorType, status, cause, seconds, span }: StoreAttempt): void {
    if (isCancelled) return;
    if (errorType !== undefined && isOfStore(errorType)) this.#called(record, { errorType, cause, seconds, span });
    else if (status !== undefined) this.#called(record, { errorType: undefined, cause, seconds, span });
  }

  #called(record: ServiceRecord | undefined, { errorType, cause, seconds, span }: Call): void {
    const now = this.#now();
    if (errorType === undefined) record?.succeeded(seconds, now);
    else record?.failed(seconds, { at: now, type: errorType, cause: cause ?? null, trace_id: span.traceId ?? null });
  }

  #find(kind: ServiceKind, name: string, target: string): ServiceRecord | undefined {
    return this.#records.get(keyOf(kind, name, target));
  }

  #use(kind: ServiceKind, name: string, target: string): ServiceRecord | undefined {
    let record = this.#find(kind, name, target);
    if (record === undefined) {
      if (this.#records.size >= MAX_SERVICES) return undefined;
      record = new ServiceRecord(kind, name, target);
      this.#records.set(keyOf(kind, name, target), record);
    }
    record.users++;
    return record;
  }

  #leave(record: ServiceRecord | undefined): void {
    if (record === undefined || --record.users > 0) return;
    this.#records.delete(keyOf(record.kind, record.name, record.target));
  }
}

/** One call of a service. */
interface Call {
  /** Undefined if the service worked. */
  readonly errorType: string | undefined;
  readonly cause: string | undefined;
  readonly seconds: number;
  readonly span: Span;
}

const keyOf = (kind: ServiceKind, name: string, target: string): string => `${kind}\0${name}\0${target}`;

const engineName = (bucket: string, engine: string): string => `${engine} of ${bucket}`;

/** Not an error of the client that the store reports. The operator of the gateway has to fix an AccessDenied. */
function isOfStore(errorType: string): boolean {
  return errorType === 'store_refused_gateway' || FAILURES[errorType as FailureType]?.side === 'store';
}
