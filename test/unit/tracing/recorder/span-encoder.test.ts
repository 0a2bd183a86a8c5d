import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes, AttributeValue } from '../../../../src/domain/span.ts';
import { ByteWriter, TooLarge } from '../../../../src/kit/byte-writer.ts';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import { SpanEncoder } from '../../../../src/tracing/recorder/span-encoder.ts';
import type { DecodedSpan, DecodedValue } from '../../../support/otlp-messages.ts';
import { type OwnSpan, openRoot, testTracer } from '../../../support/test-tracer.ts';

const REMOTE = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

/** The span that `work` makes, encoded by us and decoded by protobufjs. */
function decodedAfter(work: (span: OwnSpan) => void): DecodedSpan {
  const { tracer, decoded } = testTracer();
  const span = openRoot(tracer, 'span');
  work(span);
  span.end();
  return decoded()[0]!;
}

const decodedValue = (value: AttributeValue, key = 'key'): DecodedValue | undefined =>
  decodedAfter((span) => span.set(key, value)).attributes[key];

/** Code points of every length in UTF-8, and halves of pairs. */
const ALPHABET = [
  'a',
  '\0',
  '\x7f',
  '\x80',
  'ß',
  '\u07ff',
  '\u0800',
  '大',
  '\uffff',
  '😀',
  '\u{10ffff}',
  '\ud800',
  '\udfff',
];

function randomText(random: () => number, length: number): string {
  const ascii = random() < 0.4;
  const one = () =>
    ascii ? String.fromCharCode(32 + random() * 95) : ALPHABET[Math.floor(random() * ALPHABET.length)]!;
  return Array.from({ length }, one).join('').slice(0, length);
}

const RANDOM_RUNS = 400;

/** As protobufjs decodes them. Later ones win; undefined changes nothing. */
function decodedAttributes(...lists: readonly Attributes[]): Record<string, DecodedValue> {
  const values = lists.flatMap((list) => Object.entries(list)).filter(([, value]) => value !== undefined);
  const decoded = values.map(([name, value]): [string, DecodedValue] => {
    if (typeof value === 'number') return [name, { int: String(value) }];
    return [name, typeof value === 'boolean' ? { bool: value } : { string: String(value) }];
  });
  return Object.fromEntries(decoded);
}

describe('encoding of text', () => {
  it('carries any text, lone surrogates as U+FFFD', () => {
    const random = seededRandom(1);
    for (let run = 0; run < RANDOM_RUNS; run++) {
      const text = randomText(random, Math.floor(random() ** 3 * 900));
      assert.deepEqual(decodedValue(text), { string: text.toWellFormed() });
    }
  });

  it('carries texts of every length around the places where lengths take another byte', () => {
    for (const letter of ['x', 'ü']) {
      for (let length = 0; length < 140; length++) {
        const text = letter.repeat(length);
        assert.deepEqual(decodedValue(text), { string: text });
      }
    }
  });

  it('carries names of any kind: of spans and attributes, and messages of failures', () => {
    const random = seededRandom(2);
    for (let run = 0; run < RANDOM_RUNS; run++) {
      const name = randomText(random, 1 + Math.floor(random() * 200));
      const span = decodedAfter((it) => {
        it.updateName(name);
        it.set(name, 1);
        it.fail('test', name);
      });
      const wellFormed = name.toWellFormed();
      assert.equal(span.name, wellFormed);
      assert.deepEqual(span.attributes[wellFormed], { int: '1' });
      assert.deepEqual(span.status, { code: 2, message: wellFormed });
    }
  });

  it('truncates the message of a failure like any other text', () => {
    const { status } = decodedAfter((span) => span.fail('test', 'x'.repeat(5000)));
    assert.deepEqual(status, { code: 2, message: 'x'.repeat(1024) });
  });

  it('truncates values at 1024 code units, and never through a surrogate pair', () => {
    assert.deepEqual(decodedValue('x'.repeat(5000)), { string: 'x'.repeat(1024) });
    assert.deepEqual(decodedValue(`${'x'.repeat(1023)}😀`), { string: 'x'.repeat(1023) });
    assert.deepEqual(decodedValue(`${'x'.repeat(1022)}😀😀`), { string: `${'x'.repeat(1022)}😀` });
    assert.deepEqual(decodedValue(['y'.repeat(2000)]), { array: [{ string: 'y'.repeat(1024) }] });
  });
});

describe('encoding of numbers', () => {
  it('carries every safe integer as an integer', () => {
    const random = seededRandom(3);
    const edges = Array.from({ length: 53 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat();
    const drawn = Array.from({ length: RANDOM_RUNS }, () => Math.floor(random() * 2 ** (random() * 53)));
    for (const number of [...edges, ...drawn, Number.MAX_SAFE_INTEGER]) {
      if (!Number.isSafeInteger(number)) continue;
      assert.deepEqual(decodedValue(number), { int: String(number) });
      if (number > 0) assert.deepEqual(decodedValue(-number), { int: String(-number) });
    }
  });

  it('carries all other numbers as doubles, those included that are integral but not exact', () => {
    const random = seededRandom(4);
    const drawn = Array.from({ length: RANDOM_RUNS }, () => (random() - 0.5) * 10 ** (random() * 600 - 300));
    const special = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      1e300,
      2 ** 53,
    ];
    for (const number of [...drawn, ...special]) assert.deepEqual(decodedValue(number), { double: number });
  });

  it('carries what the catalogue calls a double as a double, integral or not', () => {
    for (const number of [0, 1, -1, 0.5, 2 ** 40])
      assert.deepEqual(decodedValue(number, 'upload.client_wait_seconds'), { double: number });
  });
});

describe('encoding of everything else', () => {
  it('carries lists of texts', () => {
    assert.deepEqual(decodedValue(['a', 'ü', '']), { array: [{ string: 'a' }, { string: 'ü' }, { string: '' }] });
    assert.deepEqual(decodedValue([]), { array: [] });
  });

  it('leaves out undefined values, and attributes without a name', () => {
    const span = decodedAfter((it) => {
      it.set('', 1);
      it.set('undefined', undefined);
    });
    assert.deepEqual(Object.keys(span.attributes), ['sampling.reason']);
  });

  it('takes spans of more than 16 KiB and of more than 2 MiB', () => {
    for (const [count, length] of [
      [20, 1_000],
      [100, 12_000],
      [120, 20_000],
    ] as const) {
      const { tracer, decoded } = testTracer({ limits: { valueLength: length } });
      openRoot(
        tracer,
        'span',
        Object.fromEntries(Array.from({ length: count }, (_, k) => [`k${k}`, 'z'.repeat(length)])),
      ).end();
      assert.equal(decoded()[0]!.attributeCount, count + 1);
    }
  });

  it('gives up on a span that is larger than the writer may get', () => {
    const { tracer, ended } = testTracer();
    const span = openRoot(tracer, 'large');
    for (let i = 0; i < 100; i++) span.set(`key ${i}`, 'x'.repeat(1024));
    span.end();
    const writer = new ByteWriter(64, 50_000);
    assert.throws(() => new SpanEncoder(new Set()).encode(writer, ended[0]!), TooLarge);
    assert.ok(writer.bytes.length <= 50_000);
  });

  it('encodes thousands of different names: the caches are bounded, and a name beyond them is as good', () => {
    const { tracer, decoded } = testTracer();
    for (let i = 0; i < 1200; i++) openRoot(tracer, `span ${i}`, { [`key ${i}`]: i }).end();
    for (const [i, span] of decoded().entries()) {
      assert.equal(span.name, `span ${i}`);
      assert.deepEqual(span.attributes[`key ${i}`], { int: String(i) });
    }
  });

  it('carries attributes that spans share with those of each span', () => {
    const shared: Attributes[] = [
      { a: 'one', b: 2, c: 'three' },
      { a: 'one', b: 2, c: 'four' },
      { a: 'one', b: undefined, c: 'three' },
      { d: true },
    ];
    for (let seed = 0; seed < 40; seed++) {
      const random = seededRandom(seed);
      const below = (limit: number): number => Math.floor(random() * limit);
      const { tracer, decoded } = testTracer();
      const root = openRoot(tracer, 'root');
      const expected: Record<string, DecodedValue>[] = [];
      for (let run = 0; run < 100; run++) {
        const initial = shared[random() < 0.8 ? 0 : below(shared.length)]!;
        const span = root.child('span', 'internal', initial);
        const set: Attributes = {
          key: `${below(3)}`,
          b: run % 50 === 49 ? 7 : undefined,
          last: random() < 0.9 ? 5 : undefined,
        };
        for (const name in set) span.set(name, set[name]);
        span.end();
        expected.push(decodedAttributes(initial, set));
      }
      assert.deepEqual(
        decoded().map(({ attributes }) => attributes),
        expected,
      );
    }
  });

  /** Of spans of one name, with these attributes each. */
  function decodedAll(lists: readonly Attributes[]): DecodedSpan['attributes'][] {
    const { tracer, decoded } = testTracer();
    const root = openRoot(tracer, 'root');
    for (const list of lists) {
      const span = root.child('span', 'internal');
      for (const name in list) span.set(name, list[name]);
      span.end();
    }
    return decoded().map(({ attributes }) => attributes);
  }

  it('carries values of every length and kind between values that do not vary', () => {
    const texts = ['x', 'ü', '大'].flatMap((letter) => Array.from({ length: 300 }, (_, i) => letter.repeat(i)));
    const values = [...texts, 7, true, '', 2 ** 40, 'x'.repeat(900), 0.5, -1].flatMap((value) => [value, 'a']);
    const lists = values.map((value, i) => ({ before: 'one', value, between: 2, other: i % 7, after: 'three' }));
    const expected = lists.map(({ value, ...list }) => ({ ...decodedAttributes(list), value: decodedValue(value)! }));
    assert.deepEqual(decodedAll(lists), expected);
  });

  it('carries values that vary at first, not any more, and again, over thousands of spans', () => {
    const value = (i: number): string => (i < 5 || i > 6_000 ? `${i % 3}` : 'same');
    const lists = Array.from({ length: 7_000 }, (_, i) => ({ before: 'one', value: value(i), other: i, after: true }));
    assert.deepEqual(
      decodedAll(lists),
      lists.map((list) => decodedAttributes(list)),
    );
  });

  it('writes random spans so that each field comes back', () => {
    const random = seededRandom(5);
    const { tracer, decoded } = testTracer();
    const names = ['one', 'two', 'n'.repeat(100)];
    const expected: [name: string, attributes: number, events: string[], links: number][] = [];
    for (let run = 0; run < RANDOM_RUNS; run++) {
      const [attributes, events, links] = [12, 3, 2].map((most) => Math.floor(random() * most)) as [
        number,
        number,
        number,
      ];
      const happened = Array.from({ length: events }, () => names[Math.floor(random() * names.length)]!);
      expected.push([`s${run}`, attributes, happened, links]);
      const span = tracer.open(NOTHING, links === 0 ? {} : { link: REMOTE });
      span.updateName(`s${run}`);
      for (let i = 0; i < attributes; i++) span.set(`a${i}`, random() < 0.5 ? random() : randomText(random, 60));
      for (const name of happened) span.event(name, performance.now());
      span.end();
    }
    const found = decoded().map(({ name, attributeCount, events, links }) => [
      name,
      attributeCount - 1,
      events.map((event) => event.name),
      links.length,
    ]);
    assert.deepEqual(found, expected);
  });

  it('marks on a parent, and on a link, whether it is in another process', () => {
    const { tracer, decoded } = testTracer();
    const root = tracer.open({ caller: REMOTE, others: undefined }, { link: REMOTE });
    root.child('child', 'internal').end();
    root.end();
    const [child, parent] = decoded();
    assert.deepEqual([parent?.flags, parent?.links[0]?.flags], [0x301, 0x301]);
    assert.deepEqual([child?.flags, child?.links], [0x101, []]);
    assert.equal(child?.parentSpanId, parent?.spanId);
  });
});
