/** Who takes part in a benchmark: one configuration of the gateway, in a process of its own. */
export interface Contestant {
  readonly name: string;
  /** Names of the contestants that this one is set against: the mean of their costs in the same round. */
  readonly against: readonly string[];
}
