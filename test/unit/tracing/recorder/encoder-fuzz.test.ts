/**
 * What the encoder copies from span to span: whatever spans of a few names bring, each has its own ids, times and attributes, and nothing of
 * another. The rules are written down here a second time; protobufjs reads what was written.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, type Link, ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { otlpRequest } from '../../../../src/export/otlp/otlp-request.ts';
import { ByteWriter, TooLarge } from '../../../../src/kit/byte-writer.ts';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';
import { DOUBLE_ATTRIBUTES } from '../../../../src/tracing/catalogue.ts';
import { TraceState } from '../../../../src/tracing/propagation/trace-state.ts';
import type { RecordingSpan } from '../../../../src/tracing/recorder/recording-span.ts';
import { SpanEncoder } from '../../../../src/tracing/recorder/span-encoder.ts';
import { type DecodedSpan, type DecodedValue, decodeRequest } from '../../../support/otlp-messages.ts';
import { testTracer } from '../../../support/test-tracer.ts';

const SPANS = Number(process.env.SPANS ?? 6_400);
const SEEDS = (process.env.SEEDS ?? '1,2').split(',').map(Number);
/** Spans that are written into one writer. */
const BATCH = 64;
/** Attributes of a span, and characters of a text. */
const MOST = 48;
const LONGEST = 40;
/** Notes of a list from which on it is put in order. */
const SETTLED = 31;
const NAMES = ['one', 'two', 'zwölf', 'n'.repeat(200)];
const EMPTY = new Uint8Array();

type Random = () => number;
type Entry = readonly [key: string, value: unknown];

/** What is set on a span. */
interface Made {
  readonly initial: readonly Entry[];
  readonly set: readonly Entry[];
}

const NUMBERS = [
  0,
  1,
  -1,
  127,
  128,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  1 - 2 ** 53,
  2 ** 53,
  1e300,
  -1e-300,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
];
const TEXTS = [
  '',
  '0',
  '1',
  'true',
  'a',
  'é',
  '中',
  '😀',
  '\ud83d',
  '\ude00',
  'x\ud83dy',
  '\0',
  'seventeen letters',
  'seventeen lettérs',
  ...[16, 17, LONGEST - 1, LONGEST].map((length) => 'x'.repeat(length)),
];
const TOO_LONG = ['x'.repeat(LONGEST + 1), 'é'.repeat(LONGEST + 3), `${'x'.repeat(LONGEST - 1)}😀`];
const SIMPLE = [true, false, ...NUMBERS, ...TEXTS];
/** `unknown[]`: what the types forbid is left out, whoever brings it. */
const OTHERS: readonly unknown[] = [
  undefined,
  null,
  [],
  ['a', 1, -1, 0.5, true, null],
  { a: 'x', b: [1, { c: 'é' }] },
  Uint8Array.of(1, 2),
  1n,
  Symbol('s'),
  () => 1,
];
const KEYS = [
  'a',
  'b',
  'c',
  'd',
  'é',
  '中文',
  '\ud83d',
  '',
  '0',
  '7',
  '10',
  '__proto__',
  'constructor',
  'length',
  'sampling.reason',
  'k'.repeat(130),
  ...DOUBLE_ATTRIBUTES,
];

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

function anyValue(random: Random): unknown {
  const kind = random();
  if (kind < 0.5) return pick(random, SIMPLE);
  if (kind < 0.6) return pick(random, TOO_LONG);
  if (kind < 0.7) return pick(random, OTHERS);
  return kind < 0.85
    ? `tenant-${Math.floor(random() * 1e6)}`
    : Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 56));
}

/** What the spans of a name have in common for a while. */
function template(random: Random): Entry[] {
  const size = random() < 0.1 ? pick(random, [30, 31, 32, 47, 48, 49, 64, 65, 140, 600]) : Math.floor(random() * 12);
  const keys = Array.from({ length: size }, (_, i) => (size > 20 ? `key.${i}` : pick(random, KEYS)));
  const once = random() < 0.85 ? [...new Set(keys)].filter((key) => key !== '') : keys;
  return once.map((key) => [key, random() < 0.95 ? pick(random, SIMPLE) : anyValue(random)] as const);
}

/** The same again, or nearly. */
function nearly(random: Random, known: readonly Entry[]): readonly Entry[] {
  const share = pick(random, [0, 0, 0.05, 0.3]);
  const entries = known.map(([key, old]) => [key, random() < share ? anyValue(random) : old] as const);
  const change = random();
  const at = Math.floor(random() * entries.length);
  if (change < 0.03) return entries.reverse();
  if (change < 0.06) return entries.toSpliced(at, 1);
  if (change < 0.1) return entries.toSpliced(at, 0, [pick(random, KEYS), anyValue(random)]);
  if (change < 0.12 && entries.length > 0) return [...entries, [entries[at]![0], anyValue(random)]];
  return change < 0.13 ? [] : entries;
}

/** As a literal would make it: `__proto__` is a key like others. */
function objectOf(entries: readonly Entry[]): Attributes {
  return Object.fromEntries(entries) as Attributes;
}

const isValue = (value: unknown): boolean => ['string', 'number', 'boolean', 'object'].includes(typeof value);
/** As UTF-8 has it: lone surrogates are U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  return text.slice(0, /[\ud800-\udbff]/.test(text[LONGEST - 1]!) ? LONGEST - 1 : LONGEST);
}

function decodedValue(key: string | undefined, value: unknown): DecodedValue {
  if (typeof value === 'string') return { string: wellFormed(cut(value)) };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'number') {
    const integral = Number.isSafeInteger(value) && !(key !== undefined && DOUBLE_ATTRIBUTES.has(key));
    return integral ? { int: String(value) } : { double: value === 0 ? 0 : value };
  }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return { array: value.map((item) => decodedValue(undefined, item)) };
  if (value === null) return { empty: true };
  return {
    map: Object.fromEntries(Object.entries(value as object).map(([k, item]) => [k, decodedValue(undefined, item)])),
  };
}

/** @param reason that our tracer sets on the first span of a trace. */
function expected(
  { initial, set }: Made,
  reason: string | undefined,
): { values: Map<string, DecodedValue>; dropped: number } {
  const last = new Map<string, unknown>(Object.entries(objectOf(initial)));
  const notes = [['sampling.reason', reason] as const, ...set].filter(([, value]) => isValue(value));
  if (notes.length > SETTLED) for (const [key, value] of last) if (!isValue(value)) last.delete(key);
  for (const [key, value] of notes) last.set(key, value);
  const all = [...last].filter(([key, value]) => key !== '' && isValue(value));
  const values = new Map(all.slice(0, MOST).map(([key, value]) => [wellFormed(key), decodedValue(key, value)]));
  return { values, dropped: Math.max(0, all.length - MOST) };
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16))
    .join('')
    .replace(/^0/, '1');

function caller(random: Random): SpanContext {
  const state = random() < 0.5 ? TraceState.parse(pick(random, ['a=b', 'ot=th:8', 'x=y,z=w'])) : undefined;
  const context = {
    traceId: hex(random, 32),
    spanId: hex(random, 16),
    traceFlags: pick(random, [1, 3]),
    isRemote: random() < 0.8,
  };
  return state === undefined ? context : { ...context, traceState: state };
}

const KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT];

for (const seed of SEEDS)
  test(`${SPANS} spans of few names have their own attributes, and nothing of another: seed ${seed}`, () => {
    const random = seededRandom(seed);
    const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
    const templates = new Map(NAMES.map((name) => [name, template(random)]));
    const tally = { compared: 0, tooLarge: 0 };
    let above: RecordingSpan | undefined;
    for (let done = 0; done < SPANS; done += BATCH) {
      const { tracer, ended } = testTracer({ limits: { attributes: MOST, valueLength: LONGEST } });
      const writer = new ByteWriter(pick(random, [16, 64, 4096]), random() < 0.2 ? 1_000 + 8_000 * random() : 1 << 24);
      const written: { span: RecordingSpan; wanted: object; values: ReadonlyMap<string, DecodedValue> }[] = [];
      for (let i = 0; i < BATCH; i++) {
        const name = pick(random, NAMES);
        if (random() < 0.02) templates.set(name, template(random));
        const entries = nearly(random, templates.get(name)!);
        const initials = Math.floor(random() * 1.3 * 8);
        const made = { initial: entries.slice(0, initials), set: entries.slice(initials) };
        const place = random();
        const remote = place < 0.2 ? caller(random) : undefined;
        const parent = place > 0.5 ? above : undefined;
        const around = remote
          ? trace.setSpanContext(ROOT_CONTEXT, remote)
          : parent
            ? trace.setSpan(ROOT_CONTEXT, parent)
            : ROOT_CONTEXT;
        const kind = random() < 0.9 ? KINDS[NAMES.indexOf(name) % 3]! : pick(random, KINDS);
        const links: Link[] =
          random() < 0.05 ? [{ context: caller(random), attributes: objectOf(entries.slice(0, 2)) }] : [];
        const span = tracer.startSpan(
          name,
          { kind, attributes: objectOf(made.initial), links },
          around,
        ) as RecordingSpan;
        for (const [key, value] of made.set) span.setAttribute(key, value);
        if (random() < 0.05) span.addEvent('event', objectOf(entries.slice(0, 2)));
        const status = random() < 0.05 ? { code: 2, message: pick(random, TEXTS) } : { code: 0, message: '' };
        span.setStatus(status).end();
        if (random() < 0.3) above = span;
        const before = writer.length;
        try {
          encoder.encode(writer, ended.at(-1)!);
        } catch (error) {
          assert.ok(error instanceof TooLarge);
          writer.length = before;
          tally.tooLarge++;
          continue;
        }
        const { values, dropped } = expected(made, parent ? undefined : remote ? 'parent_sampled' : 'root_ratio');
        const { traceId, spanId, traceFlags, traceState } = span.spanContext();
        assert.equal(traceId, (remote ?? parent)?.traceId ?? traceId);
        const low = BigInt(span.local.anchor.high) * 2n ** 32n + BigInt(span.local.anchor.low);
        written.push({
          span,
          values,
          wanted: {
            traceId,
            spanId,
            name,
            kind: kind + 1,
            traceState: traceState?.serialize() ?? '',
            parentSpanId: (remote ?? parent?.spanContext())?.spanId ?? '',
            start: low + BigInt(span.start),
            end: low + BigInt(span.endTime),
            flags: (traceFlags & 0xff) | 0x100 | (remote?.isRemote ? 0x200 : 0),
            droppedAttributes: dropped,
            attributeCount: values.size,
            status: { code: status.code, message: wellFormed(cut(status.message)) },
            events: span.moments?.events.length ?? 0,
            links: links.length,
          },
        });
      }
      const batch = writer.take();
      const decoded = decodeRequest(otlpRequest(EMPTY, EMPTY, batch)).flatMap(({ spans }) => spans);
      // Others write there next: what is remembered must not stand in it.
      new Uint8Array(batch.buffer).fill(0xaa);
      writer.bytes.fill(0xaa);
      assert.equal(decoded.length, written.length);
      decoded.forEach((got: DecodedSpan, i) => {
        const { wanted, values } = written[i]!;
        const { attributes, droppedEvents, droppedLinks, events, links, ...rest } = got;
        assert.deepEqual({ ...rest, events: events.length, links: links.length }, wanted);
        assert.deepEqual(new Map(Object.entries(attributes)), values);
      });
      tally.compared += decoded.length;
    }
    if (process.env.TALLY) console.log(`# seed ${seed}: ${JSON.stringify(tally)}`);
    assert.ok(tally.compared > SPANS / 2 && tally.tooLarge > 0);
  });
