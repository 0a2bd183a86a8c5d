/** The events of a span as the bytes of OTLP. They have no attributes. They differ in their times alone, which are written over a copy. */
import type { ByteWriter, UnixZero } from '../../kit/byte-writer.ts';
import { bytesField } from '../../kit/protobuf.ts';

/** Of Event: the tag of its time, and the number of its name. */
const TIME_TAG = 0x09;
const NAME_FIELD = 2;
/** Position of the time in an event: behind the tag and length of the event, and the tag of the time. */
const TIME_AT = 3;

/** The events of a span, and the positions of their times. */
export interface EncodedEvents {
  readonly names: readonly string[];
  readonly bytes: Uint8Array;
  readonly timesAt: readonly number[];
}

export class EventEncoder {
  readonly #tag: number;
  /** By name; the gateway has a few. */
  readonly #encoded = new Map<string, Uint8Array>();

  /** @param tag of an event in its span. */
  constructor(tag: number) {
    this.#tag = tag;
  }

  /**
   * @param events name and time in turn.
   * @param before those of the span before, which mostly have the same names.
   * @returns for the next span. @throws TooLarge
   */
  encode(
    out: ByteWriter,
    events: readonly (string | number)[],
    zero: UnixZero,
    before: EncodedEvents | undefined,
  ): EncodedEvents {
    const encoded = before !== undefined && haveNames(events, before.names) ? before : this.#join(events);
    const { bytes, timesAt } = encoded;
    const at = out.length;
    out.append(bytes);
    const end = out.length;
    for (let i = 0; i < timesAt.length; i++) {
      out.length = at + timesAt[i]!;
      out.time(zero, events[2 * i + 1] as number);
    }
    out.length = end;
    return encoded;
  }

  #join(events: readonly (string | number)[]): EncodedEvents {
    const names = events.filter((_, i) => i % 2 === 0) as string[];
    const parts = names.map((name) => this.#eventOf(name));
    let at = TIME_AT;
    const timesAt = parts.map((part) => (at += part.length) - part.length);
    return { names, bytes: Buffer.concat(parts), timesAt };
  }

  #eventOf(name: string): Uint8Array {
    let event = this.#encoded.get(name);
    if (event === undefined) this.#encoded.set(name, (event = emptyEvent(this.#tag, name)));
    return event;
  }
}

function haveNames(events: readonly (string | number)[], names: readonly string[]): boolean {
  if (events.length !== 2 * names.length) return false;
  for (let i = 0; i < names.length; i++) if (events[2 * i] !== names[i]) return false;
  return true;
}

/** @param name so short that the length of the event takes one byte. */
function emptyEvent(tag: number, name: string): Uint8Array {
  const nameField = bytesField(NAME_FIELD, name);
  const time = new Uint8Array(8);
  return new Uint8Array([tag, 1 + time.length + nameField.length, TIME_TAG, ...time, ...nameField]);
}
