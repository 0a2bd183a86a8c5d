/**
 * Our B3, X-Ray and Baggage propagators next to the official ones: the same result for the same headers, well formed or not. The
 * official ones take a deferred decision for a denial, and ignore decisions without ids and trace ids without a parent. Those forms
 * are in caller-forms.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { B3InjectEncoding, B3Propagator as OfficialB3 } from '@opentelemetry/propagator-b3';
import { seededRandom } from '../../../../src/kit/seeded-random.ts';
import { B3Propagator } from '../../../../src/tracing/propagation/b3.ts';
import { BaggagePropagator } from '../../../../src/tracing/propagation/baggage.ts';
import { NOTHING, type Propagator } from '../../../../src/tracing/propagation/propagator.ts';
import type { CallerContext } from '../../../../src/tracing/propagation/span-context.ts';
import { XRayPropagator } from '../../../../src/tracing/propagation/xray.ts';
import { officialPropagator } from '../../../support/official-propagator.ts';

const CASES = 4_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OWN = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
const XRAY = `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Parent=${SPAN};Sampled=1`;

const random = seededRandom(17);
const below = (count: number): number => Math.floor(random() * count);
const oneOf = <T>(items: readonly T[]): T => items[below(items.length)]!;

/** A header, or one with some of its characters replaced, removed or repeated. */
function mutated(text: string): string {
  let result = text;
  for (let edits = random() < 0.6 ? 0 : below(4); edits > 0; edits--) {
    const at = below(result.length + 1);
    const insert = oneOf([
      '',
      '',
      '0',
      'f',
      'G',
      '-',
      ';',
      '=',
      ',',
      ' ',
      '%',
      '%41',
      '%zz',
      'A',
      'd',
      '1',
      'Root=',
      'x',
    ]);
    result = result.slice(0, at) + insert + result.slice(at + below(3));
  }
  return random() < 0.1 ? result.toUpperCase() : result;
}

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  b3: [`${TRACE}-${SPAN}-1`, `${TRACE}-${SPAN}`, `${SPAN}-${SPAN}-d-${SPAN}`, `${TRACE}-${SPAN}-0`, '0', ''],
  'x-b3-traceid': [TRACE, TRACE, SPAN, '0'.repeat(32)],
  'x-b3-spanid': [SPAN, SPAN, '0'.repeat(16)],
  'x-b3-sampled': ['1', '0', 'true', 'false', 'True', 'd', ''],
  'x-b3-flags': ['1', '0'],
  'x-amzn-trace-id': [
    XRAY,
    `Sampled=0;${XRAY}`,
    ` Parent=${SPAN} ; Root=1-${TRACE}`,
    XRAY.replace('Sampled=1', 'Sampled=?'),
  ],
  baggage: ['a=1,b=2;p=q;r', 'tenant=%C3%BC, x = y ', '=,a,a=,=b', `long=${'x'.repeat(4100)},b=1`, 'a=1,'.repeat(200)],
};

function headersFor(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const count = oneOf([0, 1, 1, 1, 1, 1, 2]);
    return Array.from({ length: count }, () => [
      oneOf([name, name.toUpperCase()]),
      mutated(oneOf(HEADERS[name]!)),
    ]).flat();
  });
}

/** The official propagator takes every X-Ray field for `Root` whose name begins so. */
const MISREAD_FIELD = /(Root|Parent|Sampled)[^=]/;

/** Whether the headers have a form that only our propagator reads. */
function isOfficiallyIgnored(ours: Propagator, headers: readonly string[]): boolean {
  const { caller } = ours.extract(headers, NOTHING);
  return caller?.partial !== undefined || (caller?.deferred === true && headers.some((each) => /root/i.test(each)));
}

const idsOf = ({ traceId, spanId, traceFlags, traceState }: CallerContext) => ({
  ...{ traceId, spanId, traceFlags },
  traceState: traceState?.serialize(),
});

/** What a propagator has read, and what it writes for it. */
function outcome(propagator: Propagator, headers: readonly string[]) {
  const found = propagator.extract(headers, NOTHING);
  const { caller, others } = found;
  return {
    caller: caller && idsOf(caller),
    baggage: [...(others?.baggage ?? [])],
    written: propagator.inject(caller ?? OWN, others),
    unchanged: found === NOTHING,
  };
}

const B3_HEADERS = ['b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'x-b3-flags'];
for (const [name, ours, unwrapped, headers] of [
  ['b3', new B3Propagator('single'), new OfficialB3({ injectEncoding: B3InjectEncoding.SINGLE_HEADER }), B3_HEADERS],
  [
    'b3multi',
    new B3Propagator('multi'),
    new OfficialB3({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
    B3_HEADERS.slice(1),
  ],
  ['xray', new XRayPropagator(), new AWSXRayPropagator(), ['x-amzn-trace-id']],
  ['baggage', new BaggagePropagator(), new W3CBaggagePropagator(), ['baggage']],
] as const) {
  const official = officialPropagator(unwrapped);
  describe(`the propagator ${name}, next to the official one`, () => {
    it('reads and writes the same', () => {
      let found = 0;
      for (let i = 0; i < CASES; i++) {
        const sent = headersFor(headers);
        const theirs = outcome(official, sent);
        if (sent.some((each) => MISREAD_FIELD.test(each))) continue;
        if (theirs.unchanged && isOfficiallyIgnored(ours, sent)) continue;
        assert.deepEqual(outcome(ours, sent), theirs, JSON.stringify(sent));
        if (!theirs.unchanged) found++;
      }
      assert.ok(found > CASES / 20 && found < CASES, `${found} of ${CASES} held something`);
    });

    it('writes the same for a span of ours', () => {
      for (const traceFlags of [0, 1, 3]) {
        const span = { ...OWN, traceFlags };
        assert.deepEqual(ours.inject(span, undefined), official.inject(span, undefined));
      }
    });
  });
}
