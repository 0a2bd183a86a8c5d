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
  /** What it comes to, one or the other: the client does several things at once. */
  readonly outcomes?: readonly string[];
}

export const REFUSALS: readonly Refusal[] = [
  {
    clients: ['mc'],
    ways: /^sync$/,
    what: '`mc mirror` to a bucket with `listings: refuse`',
    why: 'It lists the bucket before it uploads. Refused, it exits with 0, often before it has uploaded anything: set `listings: empty`, or use `mc cp`.',
    outcomes: ['WRONG: NoSuchKey', 'stored'],
  },
];
