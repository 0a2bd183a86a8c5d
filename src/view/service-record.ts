/** What this process knows about one service: its last success, its last error, and its latencies. */
import type { Service, ServiceKind } from './documents.ts';
import { Latencies } from './latencies.ts';

export type Breaker = NonNullable<Service['breaker']>;
type LastError = NonNullable<Service['last_error']>;

export class ServiceRecord {
  readonly kind: ServiceKind;
  readonly name: string;
  readonly target: string;
  breaker: Breaker | null = null;
  /** Parts of the gateway that use it: after a reload, the previous and the next configuration. */
  users = 0;
  #lastSuccessAt: number | null = null;
  #lastError: LastError | null = null;
  /** Created with the first call: many buckets may be unused. */
  #latencies: Latencies | undefined;

  constructor(kind: ServiceKind, name: string, target: string) {
    this.kind = kind;
    this.name = name;
    this.target = target;
  }

  /** @param now milliseconds of Unix time. */
  succeeded(seconds: number, now: number): void {
    this.#lastSuccessAt = now;
    this.#count(seconds, false, now);
  }

  failed(seconds: number, error: LastError): void {
    this.#lastError = error;
    this.#count(seconds, true, error.at);
  }

  service(now: number): Service {
    const { kind, name, target, breaker } = this;
    return withState({
      kind,
      name,
      target,
      last_success_at: this.#lastSuccessAt,
      last_error: this.#lastError,
      breaker,
      latency: this.#latencies?.points(now) ?? [],
    });
  }

  #count(seconds: number, failed: boolean, now: number): void {
    this.#latencies ??= new Latencies();
    this.#latencies.add(seconds, failed, now);
  }
}

/** A service is failing while its breaker is open, and from an error to the next success. */
export function withState(service: Omit<Service, 'state'>): Service {
  return { ...service, state: stateOf(service) };
}

function stateOf({ last_success_at: success, last_error: error, breaker }: Omit<Service, 'state'>): Service['state'] {
  if (breaker === 'open') return 'failing';
  if (success === null && error === null) return 'unused';
  return error !== null && error.at > (success ?? 0) ? 'failing' : 'ok';
}
