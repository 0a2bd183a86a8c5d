/** The slowest requests of the last hour. */
import type { KeptRequest } from './kept-request.ts';

const HOUR_MILLIS = 3_600_000;

export class SlowestRequests {
  readonly #most: number;
  readonly #requests: KeptRequest[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now Unix time in milliseconds. @returns the request that is kept no longer: it may be the new one. */
  add(request: KeptRequest, now: number): KeptRequest | undefined {
    if (this.#requests.length < this.#most) {
      this.#requests.push(request);
      return undefined;
    }
    const at = this.#leastAt(now);
    const least = this.#requests[at]!;
    if (!isExpired(least, now) && least.seconds >= request.seconds) return request;
    this.#requests[at] = request;
    return least;
  }

  /** Removes the expired ones. */
  expire(now: number): KeptRequest[] {
    const expired = this.#requests.filter((request) => isExpired(request, now));
    for (const request of expired) this.#requests.splice(this.#requests.indexOf(request), 1);
    return expired;
  }

  requests(): readonly KeptRequest[] {
    return this.#requests;
  }

  /** Where an expired one is, or the fastest. */
  #leastAt(now: number): number {
    let least = 0;
    for (let i = 0; i < this.#requests.length; i++) {
      const request = this.#requests[i]!;
      if (isExpired(request, now)) return i;
      if (request.seconds < this.#requests[least]!.seconds) least = i;
    }
    return least;
  }
}

const isExpired = ({ endedAt }: KeptRequest, now: number): boolean => now - endedAt > HOUR_MILLIS;
