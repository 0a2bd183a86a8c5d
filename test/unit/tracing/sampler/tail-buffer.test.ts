import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Clock } from '../../../../src/tracing/recorder/clock.ts';
import { IdGenerator } from '../../../../src/tracing/recorder/ids.ts';
import { DEFAULT_LIMITS } from '../../../../src/tracing/recorder/limits.ts';
import type { RecordingSpan } from '../../../../src/tracing/recorder/recording-span.ts';
import { Tracer } from '../../../../src/tracing/recorder/tracer.ts';
import { alwaysSampler, neverSampler } from '../../../../src/tracing/sampler/always.ts';
import { type KeepRules, reasonToKeep } from '../../../../src/tracing/sampler/keep-rules.ts';
import { RateCap } from '../../../../src/tracing/sampler/rate-cap.ts';
import { TailBuffer, type TailLimits } from '../../../../src/tracing/sampler/tail-buffer.ts';

const NOTHING: KeepRules = { errors: false, denied: false, slowerThanSeconds: undefined, largerThanBytes: undefined };

function open(rules: Partial<KeepRules>, sampler = neverSampler, given: Partial<TailLimits> = {}) {
  const limits = { maxBytes: 1024 ** 2, maxAgeMillis: 60_000, ...given };
  const queued: RecordingSpan[] = [];
  const told: string[] = [];
  const events = {
    kept: (reason: string) => void told.push(reason),
    evicted: () => void told.push('evicted'),
    rateLimited: () => void told.push('rate_limited'),
  };
  const sink = { add: (span: RecordingSpan) => void queued.push(span) };
  const tail = new TailBuffer({ ...NOTHING, ...rules }, limits, sink, events);
  const parts = { clock: new Clock(), ids: new IdGenerator(), limits: DEFAULT_LIMITS, carry: () => [] };
  const tracer = new Tracer({ ...parts, sampler, sink: tail, tail });
  const child = (parent: Span, name: string) => tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, parent));
  return { tail, tracer, child, queued, told, names: () => queued.map(({ name }) => name) };
}

describe('traces that are kept for what became of them', () => {
  it('are handed on whole when their root has ended, with the reason on it, and their flag stays as it was propagated', () => {
    const { tracer, child, queued, told, names } = open({ errors: true });
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    const below = child(root, 'below');
    child(below, 'call').end();
    below.end();
    assert.deepEqual(names(), []);
    root.setStatus({ code: SpanStatusCode.ERROR });
    root.end();
    assert.deepEqual([names(), told], [['call', 'below', 'root'], ['kept_error']]);
    assert.equal(queued[2]!.attributes.get('sampling.reason'), 'kept_error');
    assert.ok(queued.every(({ sampled }) => !sampled));
  });

  it('are dropped where no rule keeps them', () => {
    const { tracer, child, queued, told } = open({ errors: true });
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    child(root, 'below').end();
    root.end();
    assert.deepEqual([queued, told], [[], []]);
  });

  it('are followed by spans that end late', () => {
    for (const fails of [true, false]) {
      const { tracer, child, names } = open({ errors: true });
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const late = child(root, 'late');
      if (fails) root.setStatus({ code: SpanStatusCode.ERROR });
      root.end();
      late.end();
      assert.deepEqual(names(), fails ? ['root', 'late'] : []);
    }
  });

  it('do not delay traces that are kept anyway', () => {
    const { tracer, child, names } = open({}, alwaysSampler);
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    child(root, 'below').end();
    assert.deepEqual(names(), ['below']);
  });

  it('are given up, the oldest first, where their spans take too much memory', () => {
    const { tracer, child, names, told } = open({ errors: true }, neverSampler, { maxBytes: 100_000 });
    const roots = Array.from({ length: 3 }, (_, i) => tracer.startSpan(`root-${i}`, {}, ROOT_CONTEXT));
    for (const root of roots) {
      for (let i = 0; i < 40; i++) child(root, 'below').setAttribute('key', 'x'.repeat(400)).end();
    }
    assert.deepEqual(told, ['evicted']);
    for (const root of roots) root.setStatus({ code: SpanStatusCode.ERROR }).end();
    assert.deepEqual(
      names().filter((name) => name.startsWith('root')),
      ['root-1', 'root-2'],
    );
    assert.equal(names().length, 2 * 41);
    child(tracer.startSpan('next', {}, ROOT_CONTEXT), 'below').end();
    assert.equal(told.filter((one) => one === 'evicted').length, 1, 'there is room again');
  });

  it('are given up when they have waited too long', () => {
    let time = 0;
    const now = () => time;
    const { tail, tracer, child, names, told } = open({ errors: true }, neverSampler, { maxAgeMillis: 5_000, now });
    const old = tracer.startSpan('old', {}, ROOT_CONTEXT);
    time = 3_000;
    const young = tracer.startSpan('young', {}, ROOT_CONTEXT);
    time = 5_001;
    tail.sweep();
    assert.deepEqual(told, ['evicted']);
    for (const root of [old, young]) {
      child(root, 'below').end();
      root.setStatus({ code: SpanStatusCode.ERROR }).end();
    }
    assert.deepEqual(names(), ['below', 'young']);
  });

  it('are kept from the moment on in which they are slow, though they have not ended', () => {
    let time = 0;
    const now = () => time;
    const { tail, tracer, child, names, told, queued } = open({ slowerThanSeconds: 2 }, neverSampler, { now });
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    child(root, 'before').end();
    time = 2_001;
    tail.sweep();
    assert.deepEqual([names(), told], [['before'], ['kept_slow']]);
    child(root, 'after').end();
    root.end();
    assert.deepEqual(names(), ['before', 'after', 'root']);
    assert.equal(queued[2]!.attributes.get('sampling.reason'), 'kept_slow');
  });

  it('are no more in a second than may be', () => {
    const cap = new RateCap(2, () => 0);
    const { tracer, names, told } = open({ errors: true }, neverSampler, { cap });
    for (let i = 0; i < 5; i++)
      tracer.startSpan('root', {}, ROOT_CONTEXT).setStatus({ code: SpanStatusCode.ERROR }).end();
    assert.equal(names().length, 2);
    assert.deepEqual(told, ['kept_error', 'kept_error', 'rate_limited', 'rate_limited', 'rate_limited']);
  });

  const span = (set: (span: Span) => void, seconds = 0): RecordingSpan => {
    const { tracer } = open({}, alwaysSampler);
    const made = tracer.startSpan('root', { startTime: 1_000_000 }, ROOT_CONTEXT);
    set(made);
    made.end(1_000_000 + seconds * 1000);
    return made as RecordingSpan;
  };
  const failed = span((one) => void one.setStatus({ code: SpanStatusCode.ERROR }));
  const refused = (status: number, method = 'PUT') =>
    span((one) => {
      one.setAttribute('http.request.method', method).setAttribute('http.response.status_code', status);
      one.setAttribute('error.type', 'of_some_kind');
    });
  const denied = refused(403);
  const slow = span(() => {}, 3);
  const large = span((one) => void one.setAttribute('upload.received_bytes', 1_000));
  const well = span(() => {});
  const call = (kind: SpanKind) => {
    const one = open({}, alwaysSampler).tracer.startSpan('call', { kind }, ROOT_CONTEXT);
    one.setStatus({ code: SpanStatusCode.ERROR }).end();
    return one as RecordingSpan;
  };
  const failedCall = call(SpanKind.CLIENT);
  for (const [what, rules, spans, reason] of [
    ['a failure', { errors: true }, [failed], 'kept_error'],
    ['a failure', { errors: false, denied: true }, [failed], undefined],
    ['a mistake of the client', { errors: true }, [refused(400)], 'kept_error'],
    ['a mistake of the client', { errors: false, denied: true }, [refused(400)], undefined],
    ['an error after a 200', { errors: true }, [refused(200)], 'kept_error'],
    ['a HEAD that found nothing', { errors: true, denied: true }, [refused(404, 'HEAD')], undefined],
    ['a PUT that found nothing', { errors: true }, [refused(404)], 'kept_error'],
    ['a call that failed', { errors: true }, [well, failedCall], 'kept_error'],
    ['a call that failed', { errors: false, denied: true }, [well, failedCall], undefined],
    ['a part of ours that failed', { errors: true }, [well, call(SpanKind.INTERNAL)], undefined],
    ['a refusal', { denied: true }, [denied], 'kept_denied'],
    ['a refusal', { errors: true, denied: true }, [denied, call(SpanKind.INTERNAL)], 'kept_denied'],
    ['a refusal', { errors: true }, [denied, call(SpanKind.INTERNAL)], undefined],
    ['a refusal by the store', { errors: true, denied: true }, [denied, failedCall], 'kept_error'],
    ['a refusal by the store', { denied: true }, [denied, failedCall], 'kept_denied'],
    ['a slow one', { slowerThanSeconds: 2 }, [slow], 'kept_slow'],
    ['a slow one', { slowerThanSeconds: 3 }, [slow], undefined],
    ['a large one', { largerThanBytes: 999 }, [large], 'kept_large'],
    ['a large one', { largerThanBytes: 1_000 }, [large], undefined],
    ['one that went well', { errors: true, denied: true, slowerThanSeconds: 2, largerThanBytes: 1 }, [well], undefined],
  ] as const) {
    it(`${JSON.stringify(rules)} of ${what}: ${reason}`, () =>
      assert.equal(reasonToKeep({ ...NOTHING, ...rules }, spans[0], spans), reason));
  }
});
