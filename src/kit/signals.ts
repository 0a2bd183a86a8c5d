/**
 * The signals of the process, from its start on: none of them ends it before its handler is there. The first SIGTERM or SIGINT starts
 * an orderly end, the second one ends the process without waiting.
 */
export class Signals {
  readonly #end = Promise.withResolvers<void>();
  #hasEnded = false;
  #kill: () => void = () => {};
  #reload: (() => void) | undefined;
  #wantsReload = false;
  #roll: () => void = () => {};

  constructor() {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#onEnd());
    process.on('SIGHUP', () => {
      if (this.#reload === undefined) this.#wantsReload = true;
      else this.#reload();
    });
    process.on('SIGUSR2', () => this.#roll());
  }

  /** Resolves with the first SIGTERM or SIGINT. */
  get end(): Promise<void> {
    return this.#end.promise;
  }

  /** SIGHUP, also one that arrived before. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#wantsReload) reload();
  }

  /** SIGUSR2. Without a handler it does nothing. */
  onRoll(roll: () => void): void {
    this.#roll = roll;
  }

  /** Before the process ends without waiting. */
  onKill(kill: () => void): void {
    this.#kill = kill;
  }

  #onEnd(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#end.resolve();
      return;
    }
    this.#kill();
    process.exit(1);
  }
}
