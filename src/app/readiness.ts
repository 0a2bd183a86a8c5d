/** Whether a gateway should get new uploads: its phase, and the services that `ready.require` names. */
import type { ReadyConfig } from '../config/ready.ts';
import type { ProbeState, Probes } from '../server/probes.ts';
import type { ServerPhase } from '../server/server-phase.ts';
import type { RequiredService } from './lifetime.ts';

/** Milliseconds for which a result is used again, so that probes cause a bounded number of requests. */
const FRESH_MILLIS = 2_000;
/** Longest wait for one service, in milliseconds: below the timeout of usual probes with their period. */
const CHECK_MILLIS = 1_000;

const OK: ProbeState = { status: 'ok', isGood: true };
const STARTING: ProbeState = { status: 'starting', isGood: false };
const DRAINING: ProbeState = { status: 'draining', isGood: false };

export class Readiness implements Probes {
  readonly #phase: ServerPhase;
  #required: readonly RequiredService[] = [];
  #checked: { readonly at: number; readonly state: Promise<ProbeState> } | undefined;

  constructor(phase: ServerPhase) {
    this.#phase = phase;
  }

  /** @param services of the configuration, of which it names the required ones. */
  require(config: ReadyConfig, services: readonly RequiredService[]): void {
    this.#required = requiredServices(config, services);
    this.#checked = undefined;
  }

  startup(): ProbeState {
    return this.#phase.name === 'starting' ? STARTING : OK;
  }

  ready(): ProbeState | Promise<ProbeState> {
    if (this.#phase.name === 'starting') return STARTING;
    if (this.#phase.closesConnections) return DRAINING;
    return this.#required.length === 0 ? OK : this.#services();
  }

  #services(): Promise<ProbeState> {
    const now = performance.now();
    if (this.#checked === undefined || now - this.#checked.at > FRESH_MILLIS)
      this.#checked = { at: now, state: this.#check() };
    return this.#checked.state;
  }

  async #check(): Promise<ProbeState> {
    const signal = AbortSignal.timeout(CHECK_MILLIS);
    const results = await Promise.allSettled(this.#required.map((service) => service.check(signal)));
    const missing = new Set(this.#required.filter((_, i) => results[i]?.status === 'rejected').map(({ kind }) => kind));
    return missing.size === 0 ? OK : { status: `unavailable: ${[...missing].join(', ')}`, isGood: false };
  }
}

/** The services that the configuration names, each once. */
function requiredServices({ require = [] }: ReadyConfig, services: readonly RequiredService[]): RequiredService[] {
  const named = services.filter(({ kind }) => require.includes(kind));
  return [...new Map(named.map((service) => [`${service.kind} ${service.target}`, service])).values()];
}
