/**
 * What the encoder copies from span to span: whatever spans of a few names bring, each has its own ids, times and attributes, and nothing of
 * another. The rules are written down here a second time; protobufjs reads what was written.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes, AttributeValue } from '../../../../src/domain/span.ts';
import { otlpRequest } from '../../../../src/export/otlp/otlp-request.ts';
import { ByteWriter, TooLarge } from '../../../../src/kit/byte-writer.ts';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';
import { DOUBLE_ATTRIBUTES } from '../../../../src/tracing/catalogue.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import type { SpanContext } from '../../../../src/tracing/propagation/span-context.ts';
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
type Value = AttributeValue | undefined;
type Entry = readonly [key: string, value: Value];

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
const OTHERS: readonly Value[] = [undefined, [], ['a', 'é', ''], ['x'.repeat(LONGEST + 1), '\ud83d']];
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

function anyValue(random: Random): Value {
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

/** As UTF-8 has it: lone surrogates are U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  return text.slice(0, /[\ud800-\udbff]/.test(text[LONGEST - 1]!) ? LONGEST - 1 : LONGEST);
}

function decodedValue(key: string, value: AttributeValue): DecodedValue {
  if (typeof value === 'string') return { string: wellFormed(cut(value)) };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'number') {
    const integral = Number.isSafeInteger(value) && !DOUBLE_ATTRIBUTES.has(key);
    return integral ? { int: String(value) } : { double: value === 0 ? 0 : value };
  }
  return { array: value.map((text) => ({ string: wellFormed(cut(text)) })) };
}

/** @param reason that our tracer sets on the first span of a trace. */
function expected(
  { initial, set }: Made,
  reason: string | undefined,
): { values: Map<string, DecodedValue>; dropped: number } {
  const last = new Map<string, Value>(Object.entries(objectOf(initial)));
  const notes = [['sampling.reason', reason] as const, ...set].filter(([, value]) => value !== undefined);
  if (notes.length > SETTLED) for (const [key, value] of last) if (value === undefined) last.delete(key);
  for (const [key, value] of notes) last.set(key, value);
  const all = [...last].flatMap(([key, value]) => (key === '' || value === undefined ? [] : [[key, value] as const]));
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
  };
  return state === undefined ? context : { ...context, traceState: state };
}

/** As OTLP has them. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;

for (const seed of SEEDS)
  test(`${SPANS} spans of few names have their own attributes, and nothing of another: seed ${seed}`, () => {
    const random = seededRandom(seed);
    const encoder = new SpanEncoder(DOUBLE_ATTRIBUTES);
    const templates = new Map(NAMES.map((name) => [name, template(random)]));
    const tally = { compared: 0, tooLarge: 0 };
    let above: RecordingSpan | undefined;
    for (let done = 0; done < SPANS; done += BATCH) {
      const { tracer } = testTracer({ limits: { attributes: MOST, valueLength: LONGEST } });
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
        const kind = random() < 0.9 === NAMES.indexOf(name) < 2 ? 'internal' : 'client';
        const attributes = objectOf(made.initial);
        const link = random() < 0.05 ? caller(random) : undefined;
        const sent = remote ? { caller: remote, others: undefined } : NOTHING;
        const span = (parent?.child(name, kind, attributes) ??
          tracer.open(sent, { attributes, link })) as RecordingSpan;
        span.updateName(name);
        for (const [key, value] of made.set) span.set(key, value);
        const events = random() < 0.05 ? ['event', 'other'].slice(Math.floor(2 * random())) : [];
        for (const event of events) span.event(event, 1_000);
        const message = random() < 0.05 ? pick(random, TEXTS) : undefined;
        if (message !== undefined) span.fail('of_some_kind', message);
        const failed: Entry[] = message === undefined ? [] : [['error.type', 'of_some_kind']];
        const all = { ...made, set: [...made.set, ...failed] };
        span.end();
        if (random() < 0.3) above = span;
        const before = writer.length;
        try {
          encoder.encode(writer, span);
        } catch (error) {
          assert.ok(error instanceof TooLarge);
          writer.length = before;
          tally.tooLarge++;
          continue;
        }
        const { values, dropped } = expected(all, parent ? undefined : remote ? 'parent_sampled' : 'root_ratio');
        const { traceId, spanId } = span;
        const { traceFlags, traceState } = span.local;
        assert.equal(traceId, (remote ?? parent)?.traceId ?? traceId);
        const low = BigInt(span.local.anchor.high) * 2n ** 32n + BigInt(span.local.anchor.low);
        written.push({
          span,
          values,
          wanted: {
            traceId,
            spanId,
            name,
            kind: KINDS[parent ? kind : 'server'],
            traceState: traceState?.serialize() ?? '',
            parentSpanId: (remote ?? parent)?.spanId ?? '',
            start: low + BigInt(span.start),
            end: low + BigInt(span.endTime),
            flags: (traceFlags & 0xff) | 0x100 | (remote ? 0x200 : 0),
            droppedAttributes: dropped,
            attributeCount: values.size,
            status: { code: message === undefined ? 0 : 2, message: wellFormed(cut(message ?? '')) },
            events,
            links: parent || !link ? [] : [link.spanId],
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
        const found = { events: events.map((event) => event.name), links: links.map((one) => one.spanId) };
        assert.deepEqual({ ...rest, ...found }, wanted);
        assert.deepEqual(new Map(Object.entries(attributes)), values);
      });
      tally.compared += decoded.length;
    }
    if (process.env.TALLY) console.log(`# seed ${seed}: ${JSON.stringify(tally)}`);
    assert.ok(tally.compared > SPANS / 2 && tally.tooLarge > 0);
  });
