/** Every form of B3 ("Sampling State", openzipkin/b3-propagation) and X-Ray ("Tracing header", AWS X-Ray): ids and decision. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wholeSpan } from '../../../../src/tracing/api/whole-span.ts';
import { choosePropagator, type PropagatorName } from '../../../../src/tracing/propagation/choose-propagator.ts';
import { Inbound } from '../../../../src/tracing/propagation/inbound.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import { type CallerContext, SAMPLED_FLAG } from '../../../../src/tracing/propagation/span-context.ts';
import { chooseSampler } from '../../../../src/tracing/sampler/choose-sampler.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SHORT = '8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = '05e3ac9a4f6e3b90';
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const ROOT = `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`;
const SELF = 'Self=1-67891234-12456789abcdef012345678a';
const IDS = { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN };

const extracted = (names: readonly PropagatorName[], headers: Record<string, string>) =>
  choosePropagator(names).extract(Object.entries(headers).flat(), NOTHING);
const callerOf = (...args: Parameters<typeof extracted>): CallerContext | undefined => extracted(...args).caller;
const stateOf = ({ deferred, traceFlags }: CallerContext): string =>
  deferred ? 'deferred' : traceFlags & SAMPLED_FLAG ? 'accepted' : 'denied';

type Form = readonly [headers: Record<string, string>, traceId: string, spanId: string, state: string];
const single = (b3: string, ...rest: readonly [string, string, string]): Form => [{ b3 }, ...rest];
const multi = (more: Record<string, string>, state: string): Form => [{ ...IDS, ...more }, TRACE, SPAN, state];
const xray = (value: string, spanId: string, state: string): Form => [
  { 'X-Amzn-Trace-Id': value },
  TRACE,
  spanId,
  state,
];

const B3: readonly Form[] = [
  single(`${TRACE}-${SPAN}`, TRACE, SPAN, 'deferred'),
  single(`${TRACE}-${SPAN}-0`, TRACE, SPAN, 'denied'),
  single(`${TRACE}-${SPAN}-1`, TRACE, SPAN, 'accepted'),
  single(`${TRACE}-${SPAN}-d`, TRACE, SPAN, 'accepted'),
  single(`${TRACE}-${SPAN}-${PARENT}`, TRACE, SPAN, 'deferred'),
  single(`${TRACE}-${SPAN}-0-${PARENT}`, TRACE, SPAN, 'denied'),
  single(`${TRACE}-${SPAN}-1-${PARENT}`, TRACE, SPAN, 'accepted'),
  single(`${TRACE}-${SPAN}-d-${PARENT}`, TRACE, SPAN, 'accepted'),
  single(`${SHORT}-${SPAN}`, SHORT.padStart(32, '0'), SPAN, 'deferred'),
  single(`${SHORT}-${SPAN}-1`, SHORT.padStart(32, '0'), SPAN, 'accepted'),
  single('0', NO_TRACE, NO_SPAN, 'denied'),
  single(' 0 ', NO_TRACE, NO_SPAN, 'denied'),
  single('1', NO_TRACE, NO_SPAN, 'accepted'),
  single('d', NO_TRACE, NO_SPAN, 'accepted'),
  multi({}, 'deferred'),
  multi({ 'X-B3-ParentSpanId': PARENT }, 'deferred'),
  multi({ 'X-B3-Flags': '0' }, 'deferred'),
  multi({ 'X-B3-Sampled': '0' }, 'denied'),
  multi({ 'X-B3-Sampled': 'false' }, 'denied'),
  multi({ 'X-B3-Sampled': '1' }, 'accepted'),
  multi({ 'X-B3-Sampled': 'true' }, 'accepted'),
  multi({ 'X-B3-Flags': '1' }, 'accepted'),
  multi({ 'X-B3-Flags': '1', 'X-B3-Sampled': '0' }, 'accepted'),
  [{ ...IDS, 'X-B3-TraceId': SHORT }, SHORT.padStart(32, '0'), SPAN, 'deferred'],
  [{ 'X-B3-Sampled': '0' }, NO_TRACE, NO_SPAN, 'denied'],
  [{ 'X-B3-Sampled': '1' }, NO_TRACE, NO_SPAN, 'accepted'],
  [{ 'X-B3-Flags': '1' }, NO_TRACE, NO_SPAN, 'accepted'],
  [{ ...IDS, 'X-B3-Sampled': '1', b3: `${SHORT}-${SPAN}` }, SHORT.padStart(32, '0'), SPAN, 'deferred'],
];

const XRAY: readonly Form[] = [
  xray(ROOT, NO_SPAN, 'deferred'),
  xray(`${ROOT};`, NO_SPAN, 'deferred'),
  xray(`${ROOT};Sampled=1`, NO_SPAN, 'accepted'),
  xray(`${ROOT};Sampled=0`, NO_SPAN, 'denied'),
  xray(`${ROOT};Sampled=?`, NO_SPAN, 'deferred'),
  xray(`${ROOT};Parent=${SPAN}`, SPAN, 'deferred'),
  xray(`${ROOT};Parent=${SPAN};Sampled=?`, SPAN, 'deferred'),
  xray(`${ROOT};Parent=${SPAN};Sampled=1`, SPAN, 'accepted'),
  xray(`Sampled=0;Parent=${SPAN};${ROOT}`, SPAN, 'denied'),
  xray(`${SELF};${ROOT}`, NO_SPAN, 'deferred'),
  xray(`${SELF}; ${ROOT}; Parent=${SPAN}; Sampled=1`, SPAN, 'accepted'),
  xray(`${ROOT};Parent=${SPAN};Sampled=1;Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2`, SPAN, 'accepted'),
  xray(`${ROOT};CalledFrom=app;Rootless=1;Parent=;Sampled=1`, NO_SPAN, 'accepted'),
];

for (const [format, names, forms] of [
  ['B3', ['b3'], B3],
  ['B3 in several headers', ['b3multi'], B3],
  ['X-Ray', ['xray'], XRAY],
] as const) {
  describe(`a caller that sends ${format}`, () => {
    for (const [headers, traceId, spanId, state] of forms)
      it(JSON.stringify(headers), () => {
        const caller = callerOf(names, headers)!;
        assert.deepEqual([caller.traceId, caller.spanId, stateOf(caller)], [traceId, spanId, state]);
        const partial = traceId === NO_TRACE ? 'decision' : spanId === NO_SPAN ? 'trace' : undefined;
        assert.equal(caller.partial, partial);
      });
  });
}

describe('a header without a decision and without ids', () => {
  for (const [names, headers] of [
    [['b3'], { b3: '2' }],
    [['b3'], { b3: '01' }],
    [['b3'], { b3: `${TRACE}` }],
    [['b3multi'], { 'X-B3-Sampled': '?' }],
    [['b3multi'], { 'X-B3-Flags': '0' }],
    [['b3multi'], { 'X-B3-TraceId': TRACE }],
    [['xray'], { 'X-Amzn-Trace-Id': `Parent=${SPAN};Sampled=1` }],
    [['xray'], { 'X-Amzn-Trace-Id': `Root=${TRACE}` }],
    [['xray'], { 'X-Amzn-Trace-Id': 'Root=1-00000000-000000000000000000000000' }],
  ] as const)
    it(`is ignored: ${JSON.stringify(headers)}`, () => assert.equal(extracted(names, headers), NOTHING));
});

describe('an incomplete context', () => {
  const traceparent = `00-${'c'.repeat(32)}-${SPAN}-01`;
  for (const names of [
    ['tracecontext', 'xray', 'b3'],
    ['xray', 'b3', 'tracecontext'],
  ] as const)
    it(`does not replace a complete one: ${names}`, () => {
      const caller = callerOf(names, { traceparent, 'X-Amzn-Trace-Id': ROOT, b3: '0' })!;
      assert.deepEqual([caller.traceId, caller.spanId, stateOf(caller)], ['c'.repeat(32), SPAN, 'accepted']);
    });

  it('has nothing to link to', () => {
    const sent = extracted(['xray'], { 'X-Amzn-Trace-Id': ROOT });
    const restarted = new Inbound({ mode: 'restart', trusted: [] }).admit(sent, '192.0.2.1');
    assert.deepEqual(restarted, { parent: NOTHING, link: undefined });
  });

  it('is a sampled span with random ids for the sampler of another provider', () => {
    const spanOf = (names: readonly PropagatorName[], headers: Record<string, string>) =>
      wholeSpan(callerOf(names, headers)!);
    const root = spanOf(['xray'], { 'X-Amzn-Trace-Id': ROOT });
    assert.deepEqual([root.traceId, root.traceFlags], [TRACE, 1]);
    assert.match(root.spanId, /^(?!0{16})[0-9a-f]{16}$/);
    const denied = spanOf(['b3'], { b3: '0' });
    assert.match(denied.traceId, /^(?!0{32})[0-9a-f]{32}$/);
    assert.equal(denied.traceFlags, 0);
    assert.deepEqual(spanOf(['b3'], { b3: `${TRACE}-${SPAN}` }), {
      traceId: TRACE,
      spanId: SPAN,
      traceFlags: 1,
      isRemote: true,
    });
  });
});

describe('a deferred decision', () => {
  const deferred = extracted(['b3'], { b3: `${TRACE}-${SPAN}` });
  const sampledOf = (ratio: number, remoteRatio: number, draw?: number): boolean => {
    const trusted = draw === undefined ? ['0.0.0.0/0'] : [];
    const { parent } = new Inbound({ mode: 'continue', trusted, random: () => draw! }).admit(deferred, '192.0.2.1');
    return chooseSampler('parent_based', ratio, remoteRatio).decide(TRACE, parent.caller).sampled;
  };

  it('is made by the ratio', () => {
    assert.deepEqual([sampledOf(1, 1), sampledOf(0, 0)], [true, false]);
    assert.deepEqual([sampledOf(1, 1, 0.9), sampledOf(0, 0, 0)], [true, false]);
  });

  it('is made once for an untrusted caller, by the lower one of both ratios', () => {
    assert.deepEqual([sampledOf(0.5, 0.5, 0.4), sampledOf(0.5, 0.5, 0.6)], [true, false]);
    assert.deepEqual([sampledOf(0.5, 1, 0.6), sampledOf(1, 0.5, 0.6)], [false, false]);
  });

  it('is a denial for the sampler of another provider beyond remote_ratio', () => {
    const inbound = new Inbound({ mode: 'continue', trusted: [], remoteRatio: 0.5, random: () => 0.5 });
    const { parent } = inbound.admit(deferred, '192.0.2.1');
    assert.equal(wholeSpan(parent.caller!).traceFlags, 0);
  });
});
