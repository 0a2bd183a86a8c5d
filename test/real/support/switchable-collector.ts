/** A collector at one address whose behaviour can be switched while the gateway exports to it. It counts the spans it accepts. */

/** What listens at the collector's address for a while. */
export interface Behaving {
  readonly port: number;
  /** Answers what is under way, and ends; where that can be hoped for. */
  finish?(): Promise<void>;
  /** Cuts off what is under way, and ends. */
  close(): Promise<void>;
}

/** @param took to be called with each number of spans that is acknowledged. */
export type Behaviour = (port: number, took: (spans: number) => void) => Promise<Behaving>;

export class SwitchableCollector {
  /** Spans that were acknowledged. */
  taken = 0;
  readonly port: number;
  #behaving: Behaving;
  readonly #waiting = new Set<() => void>();

  private constructor(behaving: Behaving) {
    this.port = behaving.port;
    this.#behaving = behaving;
  }

  static async open(behaviour: Behaviour): Promise<SwitchableCollector> {
    const collector: SwitchableCollector = new SwitchableCollector(
      await behaviour(0, (spans) => collector.#took(spans)),
    );
    return collector;
  }

  async become(behaviour: Behaviour): Promise<void> {
    await (this.#behaving.finish ?? this.#behaving.close)();
    this.#behaving = await behaviour(this.port, (spans) => this.#took(spans));
  }

  /** Resolves with true when more spans have been taken than were before, with false if that takes too long. */
  async takesMore(withinMillis: number): Promise<boolean> {
    const before = this.taken;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => void (this.taken > before && resolve(true));
    const timer = setTimeout(() => resolve(false), withinMillis);
    this.#waiting.add(look);
    const took = await promise;
    this.#waiting.delete(look);
    clearTimeout(timer);
    return took;
  }

  close(): Promise<void> {
    return this.#behaving.close();
  }

  #took(spans: number): void {
    this.taken += spans;
    for (const look of this.#waiting) look();
  }
}
