/** What the gateway does not take from a client that a store takes, and why. */
export interface Refusal {
  readonly client: string;
  /** The ways, or `key …`. */
  readonly ways: RegExp;
  readonly why: string;
}

export const REFUSALS: readonly Refusal[] = [];
