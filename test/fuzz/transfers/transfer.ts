/** One upload of the fuzzer, drawn from a seed before it begins: its body, its client, and its store. */
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import type { Fault } from '../../../src/rehearsal/store/faults.ts';
import { below, oneOf, type Random } from '../random-text.ts';
import { BODIES, BODY_KINDS, type Body, type BodyKind } from './bodies.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Sizes of objects, so that each way of sending has its own: least and most bytes, and the ratio of uploads. */
const SIZES = [
  [0, 64 * KIB, 0.15],
  [64 * KIB, MIB, 0.2],
  [MIB, 3 * MIB, 0.45],
  [3 * MIB, 5 * MIB, 0.1],
  [5 * MIB, 9 * MIB, 0.1],
] as const;

/** Bytes of every object of a run. */
export const SOURCE_BYTES = 10 * MIB;

/** How a client ends early: it closes the connection, resets it, or sends no more. */
export type Ending = 'closes' | 'resets' | 'stalls';

export interface Transfer {
  readonly key: string;
  readonly kind: BodyKind;
  readonly object: Buffer;
  readonly body: Body;
  /** Whether the client sends other bytes than it promises. */
  readonly isWrong: boolean;
  readonly expectsContinue: boolean;
  /** Whether the request has `Connection: close`. */
  readonly closes: boolean;
  /** Bytes of the body after which the client ends early, perhaps all of them. */
  readonly end: { readonly at: number; readonly how: Ending } | undefined;
  /** Largest piece that it writes at once, and the ratio of pieces with a pause behind them. */
  readonly pieceBytes: number;
  readonly pauses: number;
  /** Whether the next request follows at once. */
  readonly isPipelined: boolean;
  readonly fault: StoreFault | undefined;
  /** Of the pieces and pauses, so that they are the same in each run. */
  readonly seed: number;
}

export interface StoreFault {
  readonly name: string;
  readonly fault: Fault;
  readonly times: number;
  /** Whether the store may have the object although the client gets an error. */
  readonly afterwards: boolean;
}

const never = new Promise<never>(() => {});

type MakeFault = (random: Random, length: number) => Fault;

const FAULTS: readonly (readonly [name: string, fault: MakeFault, afterwards?: boolean])[] = [
  ['refuses before the body', () => ({ kind: 'refuse', at: 'head', code: 'AccessDenied', status: 403 })],
  ['refuses before the body', () => ({ kind: 'refuse', at: 'head', code: 'InternalError', status: 500 })],
  ['refuses behind the body', () => ({ kind: 'refuse', at: 'body', code: 'SlowDown', status: 503 })],
  ['resets before the body', () => ({ kind: 'reset', at: 'head' })],
  ['resets in the body', (random, length) => ({ kind: 'reset', at: 1 + below(random, length) })],
  ['resets in the body', (random, length) => ({ kind: 'reset', at: 1 + below(random, length) })],
  ['resets behind the body', () => ({ kind: 'reset', at: 'body' })],
  ['resets instead of the response', () => ({ kind: 'reset', at: 'answer' }), true],
  ['sends half of the response', () => ({ kind: 'half-answer' }), true],
  ['stalls before the body', () => ({ kind: 'hang', at: 'head', until: never })],
  ['stalls instead of the response', () => ({ kind: 'hang', at: 'answer', until: never }), true],
];

/** @param source of the bytes of all objects. */
export function randomTransfer(random: Random, key: string, source: Buffer): Transfer {
  const kind = oneOf(random, BODY_KINDS);
  const length = randomSize(random);
  const from = below(random, source.length - length);
  const object = source.subarray(from, from + length);
  const isWrong = kind !== 'plain' && length > 0 && random() < 0.15;
  const body = BODIES[kind](random, object, isWrong ? withOtherByte(random, object) : object);
  const end = random() < 0.2 ? randomEnd(random, body.bytes.length) : undefined;
  const closes = random() < 0.05;
  const spoiled = random() < 0.05 && kind === 'aws-chunked';
  return {
    key,
    kind,
    object,
    body: spoiled ? { ...body, bytes: withOtherByte(random, body.bytes) } : body,
    isWrong: isWrong || spoiled,
    expectsContinue: random() < 0.15,
    closes,
    end,
    pieceBytes: oneOf(random, [700, 5_000, 64 * KIB, 64 * KIB, MIB, 16 * MIB]),
    pauses: oneOf(random, [0, 0, 0.02, 0.2]),
    isPipelined: end === undefined && !closes && random() < 0.3,
    fault: random() < 0.25 ? randomFault(random, length) : undefined,
    seed: below(random, 2 ** 32),
  };
}

function randomSize(random: Random): number {
  let drawn = random();
  const [least, most] = SIZES.find(([, , ratio]) => (drawn -= ratio) < 0) ?? SIZES[2];
  return least + below(random, most - least);
}

function withOtherByte(random: Random, bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  const at = below(random, other.length);
  other[at] = other[at]! ^ (1 + below(random, 255));
  return other;
}

/** Seldom a stall, which takes as long as the idle timeout. */
function randomEnd(random: Random, length: number): Transfer['end'] {
  const at = random() < 0.3 ? Math.max(0, length - below(random, 3)) : below(random, length);
  return { at, how: random() < 0.1 ? 'stalls' : oneOf(random, ['closes', 'resets']) };
}

function randomFault(random: Random, length: number): StoreFault {
  const times = random() < 0.7 ? 1 : Number.POSITIVE_INFINITY;
  if (random() < 0.3) return { name: 'reads slowly', fault: slowRead(random), times, afterwards: false };
  const [name, fault, afterwards = false] = oneOf(random, FAULTS);
  const made = fault(random, Math.max(1, length));
  return { name, fault: made, times: made.kind === 'hang' ? 1 : times, afterwards };
}

/** Pauses at some of its reads, of a few milliseconds each. */
function slowRead(random: Random): Fault {
  const own = seededRandom(below(random, 2 ** 32));
  let left = 300;
  const turn = async (): Promise<void> => {
    const millis = own() < 0.3 ? own() * 20 : 0;
    if ((left -= millis) > 0 && millis > 0) await delay(millis);
  };
  return { kind: 'slow-read', turn };
}

/** For a finding. */
export function describeTransfer(transfer: Transfer): string {
  const { key, kind, object, isWrong, expectsContinue, closes, end, pieceBytes, pauses, isPipelined, fault } = transfer;
  const { name, times } = fault ?? {};
  const shown = {
    bytes: object.length,
    isWrong,
    expectsContinue,
    closes,
    end,
    pieceBytes,
    pauses,
    isPipelined,
    name,
    times,
  };
  return `${key} (${kind}): ${JSON.stringify(shown)}`;
}
