/** How slow a client may be with its body. No limit of time in all: what moves well enough is never ended. */

export interface Pace {
  /** Longest wait for the next byte, in milliseconds. */
  readonly idleMillis: number;
  /** Bytes a second, on average over `idleMillis` of waiting for the client; what the store needs is not counted. 0 is any. */
  readonly leastRate: number;
}
