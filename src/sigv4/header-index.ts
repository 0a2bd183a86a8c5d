/** Reads received headers for access decisions, which do not overlook duplicates. */
import type { ReceivedHeaders } from '../domain/received-headers.ts';
import { withoutOuterBlanks } from '../kit/outer-blanks.ts';
import { refuse } from './refusals.ts';

export class HeaderIndex {
  readonly #received: ReceivedHeaders;

  constructor(received: ReceivedHeaders) {
    this.#received = received;
  }

  names(): Iterable<string> {
    return Object.keys(this.#received);
  }

  /** The value of a header that may occur once; undefined if it is absent. */
  once(name: string): string | undefined {
    const value = this.#received[name];
    if (value === undefined || typeof value === 'string') return value;
    return refuse('duplicate_header', `The header ${name} occurs twice.`);
  }

  /** The value as signed: several values of one header are joined with commas. `host` may occur once. */
  asSigned(name: string): string | undefined {
    const value = name === 'host' ? this.once(name) : this.#received[name];
    return typeof value === 'object' ? value.map(withoutOuterBlanks).join(',') : value;
  }
}
