/**
 * What the gateway does not take from a client that a store takes, and why: docs/clients.md says it, and an outcome of the matrix
 * that is not here fails the test.
 */
export interface Refusal {
  readonly clients: readonly string[];
  /** The ways, or `key …`. */
  readonly ways: RegExp;
  /** The ways in words. */
  readonly what: string;
  readonly why: string;
}

export const REFUSALS: readonly Refusal[] = [];
