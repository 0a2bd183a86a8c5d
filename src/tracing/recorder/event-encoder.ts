/** The events of a span as the bytes of OTLP. They have no attributes. All of one name differ in their time alone, which is written over a copy. */
import type { ByteWriter, UnixZero } from '../../kit/byte-writer.ts';
import { bytesField } from '../../kit/protobuf.ts';

/** Of Event: the tag of its time, and the number of its name. */
const TIME_TAG = 0x09;
const NAME_FIELD = 2;
/** Position of the time in an event: behind the tag and length of the event, and the tag of the time. */
const TIME_AT = 3;

export class EventEncoder {
  readonly #tag: number;
  /** By name; the gateway has a few. */
  readonly #encoded = new Map<string, Uint8Array>();

  /** @param tag of an event in its span. */
  constructor(tag: number) {
    this.#tag = tag;
  }

  /** @param events name and time in turn. @throws TooLarge */
  encode(out: ByteWriter, events: readonly (string | number)[], zero: UnixZero): void {
    for (let i = 0; i < events.length; i += 2) {
      const at = out.length;
      out.append(this.#eventOf(events[i] as string));
      const end = out.length;
      out.length = at + TIME_AT;
      out.time(zero, events[i + 1] as number);
      out.length = end;
    }
  }

  #eventOf(name: string): Uint8Array {
    let event = this.#encoded.get(name);
    if (event === undefined) this.#encoded.set(name, (event = emptyEvent(this.#tag, name)));
    return event;
  }
}

/** @param name so short that the length of the event takes one byte. */
function emptyEvent(tag: number, name: string): Uint8Array {
  const nameField = bytesField(NAME_FIELD, name);
  const time = new Uint8Array(8);
  return new Uint8Array([tag, 1 + time.length + nameField.length, TIME_TAG, ...time, ...nameField]);
}
