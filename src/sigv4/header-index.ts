/** Request headers by lower-case name with all of their values, so that access decisions do not overlook duplicates. */
import { withoutOuterBlanks } from '../kit/outer-blanks.ts';
import { refuse } from './refusals.ts';

export class HeaderIndex {
  readonly #values = new Map<string, string[]>();

  /** @param rawHeaders names and values, alternating. */
  constructor(rawHeaders: readonly string[]) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [rawHeaders[i + 1] as string]);
      else values.push(rawHeaders[i + 1] as string);
    }
  }

  names(): Iterable<string> {
    return this.#values.keys();
  }

  /** The value of a header that may occur once; undefined if it is absent. */
  once(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values !== undefined && values.length > 1) refuse('duplicate_header', `The header ${name} occurs twice.`);
    return values?.[0];
  }

  /** The values as signed: several values of one header are joined with commas. `host` may occur once. */
  joined(names: readonly string[]): Record<string, string | undefined> {
    // Clients choose the names: `__proto__` must be an ordinary key.
    const joined: Record<string, string | undefined> = Object.create(null);
    for (const name of names) {
      joined[name] = name === 'host' ? this.once(name) : this.#values.get(name)?.map(withoutOuterBlanks).join(',');
    }
    return joined;
  }
}
