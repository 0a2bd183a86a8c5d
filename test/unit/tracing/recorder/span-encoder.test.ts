import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import { ByteWriter, TooLarge } from '../../../../src/kit/byte-writer.ts';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';
import { SpanEncoder } from '../../../../src/tracing/recorder/span-encoder.ts';
import type { DecodedSpan, DecodedValue } from '../../../support/otlp-messages.ts';
import { testTracer } from '../../../support/test-tracer.ts';

/** The span that `work` makes, encoded by us and decoded by protobufjs. */
function decodedAfter(work: (span: ReturnType<Tracer['startSpan']>) => void): DecodedSpan {
  const { tracer, decoded } = testTracer();
  const span = tracer.startSpan('span', {}, ROOT_CONTEXT);
  work(span);
  span.end();
  return decoded()[0]!;
}

const decodedValue = (value: unknown, key = 'key'): DecodedValue | undefined =>
  decodedAfter((span) => span.setAttribute(key, value)).attributes[key];

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

  it('carries names of any kind: of spans, attributes, events, and messages of failures', () => {
    const random = seededRandom(2);
    for (let run = 0; run < RANDOM_RUNS; run++) {
      const name = randomText(random, 1 + Math.floor(random() * 200));
      const span = decodedAfter((it) =>
        it.updateName(name).setAttribute(name, 1).addEvent(name).setStatus({ code: 2, message: name }),
      );
      const wellFormed = name.toWellFormed();
      assert.equal(span.name, wellFormed);
      assert.deepEqual(span.attributes[wellFormed], { int: '1' });
      assert.equal(span.events[0]?.name, wellFormed);
      assert.deepEqual(span.status, { code: 2, message: wellFormed });
    }
  });

  it('truncates the message of a failure like any other text', () => {
    const { status } = decodedAfter((span) => span.setStatus({ code: 2, message: 'x'.repeat(5000) }));
    assert.deepEqual(status, { code: 2, message: 'x'.repeat(1024) });
  });

  it('truncates values at 1024 code units, and never through a surrogate pair', () => {
    assert.deepEqual(decodedValue('x'.repeat(5000)), { string: 'x'.repeat(1024) });
    assert.deepEqual(decodedValue(`${'x'.repeat(1023)}😀`), { string: 'x'.repeat(1023) });
    assert.deepEqual(decodedValue(`${'x'.repeat(1022)}😀😀`), { string: `${'x'.repeat(1022)}😀` });
    assert.deepEqual(decodedValue(['y'.repeat(2000)]), { array: [{ string: 'y'.repeat(1024) }] });
    assert.deepEqual(decodedValue(new Uint8Array(2000)), { bytes: '00'.repeat(1024) });
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
  it('carries nested values, and empties values that are nested too deep', () => {
    const value = { a: [1, 'x', null, { b: 1.5 }], c: new Uint8Array([1]) };
    assert.deepEqual(decodedValue(value), {
      map: {
        a: { array: [{ int: '1' }, { string: 'x' }, { empty: true }, { map: { b: { double: 1.5 } } }] },
        c: { bytes: '01' },
      },
    });
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    assert.match(JSON.stringify(decodedValue(endless)), /^(\{"map":\{"self":){8}\{"empty":true\}\}+$/);
  });

  it('keeps a copy, which the caller cannot change', () => {
    const list = ['before'];
    const { attributes } = decodedAfter((span) => {
      span.setAttribute('list', list);
      list[0] = 'after';
    });
    assert.deepEqual(attributes.list, { array: [{ string: 'before' }] });
  });

  it('leaves out values that are not attributes', () => {
    const span = decodedAfter((it) => {
      it.setAttributes({ '': 1, undefined, symbol: Symbol('x'), function: () => 1, big: 1n });
    });
    assert.deepEqual(Object.keys(span.attributes), ['sampling.reason']);
  });

  it('takes spans of more than 16 KiB and of more than 2 MiB', () => {
    for (const [events, length] of [
      [5, 1000],
      [60, 1024],
      [128, 1024],
    ] as const) {
      const span = decodedAfter((it) => {
        for (let i = 0; i < events; i++) {
          const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`k${k}`, 'z'.repeat(length)]));
          it.addEvent(`event ${i}`, attributes);
        }
      });
      assert.equal(span.events.length, events);
      assert.equal(Object.keys(span.events.at(-1)!.attributes).length, 20);
    }
  });

  it('gives up on a span that is larger than the writer may get', () => {
    const { tracer, ended } = testTracer();
    const span = tracer.startSpan('large', {}, ROOT_CONTEXT);
    for (let i = 0; i < 100; i++) span.setAttribute(`key ${i}`, 'x'.repeat(1024));
    span.end();
    const writer = new ByteWriter(64, 50_000);
    assert.throws(() => new SpanEncoder(new Set()).encode(writer, ended[0]!), TooLarge);
    assert.ok(writer.bytes.length <= 50_000);
  });

  it('encodes thousands of different names: the caches are bounded, and a name beyond them is as good', () => {
    const { tracer, decoded } = testTracer();
    for (let i = 0; i < 1200; i++)
      tracer.startSpan(`span ${i}`, { attributes: { [`key ${i}`]: i } }, ROOT_CONTEXT).end();
    for (const [i, span] of decoded().entries()) {
      assert.equal(span.name, `span ${i}`);
      assert.deepEqual(span.attributes[`key ${i}`], { int: String(i) });
    }
  });

  it('writes random spans so that each field comes back', () => {
    const random = seededRandom(5);
    const { tracer, decoded } = testTracer();
    const expected: [name: string, attributes: number, events: number, links: number][] = [];
    for (let run = 0; run < RANDOM_RUNS; run++) {
      const row: (typeof expected)[number] = [
        `s${run}`,
        ...([12, 3, 3].map((most) => Math.floor(random() * most)) as [number, number, number]),
      ];
      expected.push(row);
      const span = tracer.startSpan(row[0], {}, ROOT_CONTEXT);
      for (let i = 0; i < row[1]; i++) span.setAttribute(`a${i}`, random() < 0.5 ? random() : randomText(random, 60));
      for (let i = 0; i < row[2]; i++) span.addEvent(randomText(random, 20), { i });
      for (let i = 0; i < row[3]; i++) span.addLink({ context: span.spanContext(), attributes: { i } });
      span.end();
    }
    const found = decoded().map(({ name, attributeCount, events, links }) => [
      name,
      attributeCount - 1,
      events.length,
      links.length,
    ]);
    assert.deepEqual(found, expected);
  });

  it('marks on a parent, and on a link, whether it is in another process', () => {
    const { tracer, decoded } = testTracer();
    const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
    const root = tracer.startSpan('root', { links: [{ context: remote }] }, trace.setSpanContext(ROOT_CONTEXT, remote));
    tracer.startSpan('child', { links: [{ context: root.spanContext() }] }, trace.setSpan(ROOT_CONTEXT, root)).end();
    root.end();
    const [child, parent] = decoded();
    assert.deepEqual([parent?.flags, parent?.links[0]?.flags], [0x301, 0x301]);
    assert.deepEqual([child?.flags, child?.links[0]?.flags], [0x101, 0x101]);
    assert.equal(child?.parentSpanId, parent?.spanId);
  });
});
