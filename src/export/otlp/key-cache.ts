/** Names of spans and attributes, encoded once. Bounded: names that come from outside must not fill the memory. */
import { bytesField } from '../../kit/protobuf.ts';

const MAX_ENTRIES = 512;

export interface EncodedKey {
  /** The whole field: tag, length, text. */
  readonly field: Uint8Array;
  /** Whether numbers under this key are doubles even where they are integral. */
  readonly double: boolean;
}

export class KeyCache {
  readonly #entries = new Map<string, EncodedKey>();
  readonly #fieldNumber: number;
  readonly #doubles: ReadonlySet<string>;

  /** @param fieldNumber of the name in its message. @param doubles keys whose numbers are always doubles. */
  constructor(fieldNumber: number, doubles: ReadonlySet<string> = new Set()) {
    this.#fieldNumber = fieldNumber;
    this.#doubles = doubles;
  }

  get(name: string): EncodedKey {
    return this.#entries.get(name) ?? this.#encode(name);
  }

  #encode(name: string): EncodedKey {
    const entry = { field: bytesField(this.#fieldNumber, name), double: this.#doubles.has(name) };
    if (this.#entries.size < MAX_ENTRIES) this.#entries.set(name, entry);
    return entry;
  }
}
