/** The phases of a gateway's life, in their order. Both ports behave by them. */
const ORDER = ['starting', 'serving', 'leaving', 'draining', 'cutting'] as const;

export type PhaseName = (typeof ORDER)[number];

/**
 * - `starting`: the upload port is not open yet.
 * - `leaving`: not ready, but requests are still accepted and served; each response closes its connection.
 * - `draining`: the port is closed. Running requests finish, and new ones on open connections are refused.
 * - `cutting`: the deadline has passed, and the remaining requests are aborted.
 */
export class ServerPhase {
  #name: PhaseName = 'starting';

  get name(): PhaseName {
    return this.#name;
  }

  /** Phases only follow each other. */
  enter(name: PhaseName): void {
    if (ORDER.indexOf(name) > ORDER.indexOf(this.#name)) this.#name = name;
  }

  /** Whether every response closes its connection. */
  get closesConnections(): boolean {
    return this.#name !== 'serving' && this.#name !== 'starting';
  }

  /** Whether new requests are refused. */
  get refuses(): boolean {
    return this.#name === 'draining' || this.#name === 'cutting';
  }

  get aborts(): boolean {
    return this.#name === 'cutting';
  }
}
