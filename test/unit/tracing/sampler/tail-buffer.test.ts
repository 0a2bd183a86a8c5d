import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Span, SpanKind } from '../../../../src/domain/span.ts';
import { choosePropagator } from '../../../../src/tracing/propagation/choose-propagator.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';
import { Clock } from '../../../../src/tracing/recorder/clock.ts';
import { IdGenerator } from '../../../../src/tracing/recorder/ids.ts';
import { DEFAULT_LIMITS } from '../../../../src/tracing/recorder/limits.ts';
import type { RecordingSpan } from '../../../../src/tracing/recorder/recording-span.ts';
import { Tracer } from '../../../../src/tracing/recorder/tracer.ts';
import { alwaysSampler, neverSampler } from '../../../../src/tracing/sampler/always.ts';
import { type KeepRules, reasonToKeep } from '../../../../src/tracing/sampler/keep-rules.ts';
import { RateCap } from '../../../../src/tracing/sampler/rate-cap.ts';
import { TailBuffer, type TailLimits } from '../../../../src/tracing/sampler/tail-buffer.ts';
import { openRoot } from '../../../support/test-tracer.ts';

const NO_RULES: KeepRules = { errors: false, denied: false, slowerThanSeconds: undefined, largerThanBytes: undefined };

/** The same span, after it has failed. */
function failed(span: Span): Span {
  span.fail('of_some_kind');
  return span;
}

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
  const tail = new TailBuffer({ ...NO_RULES, ...rules }, limits, sink, events);
  const parts = {
    clock: new Clock(),
    ids: new IdGenerator(),
    limits: DEFAULT_LIMITS,
    propagator: choosePropagator([]),
  };
  const tracer = new Tracer({ ...parts, sampler, sink: tail, tail });
  const child = (parent: Span, name: string) => parent.child(name, 'internal');
  return { tail, tracer, child, queued, told, names: () => queued.map(({ name }) => name) };
}

describe('traces that are kept for what became of them', () => {
  it('are handed on whole when their root has ended, with the reason on it, and their flag stays as it was propagated', () => {
    const { tracer, child, queued, told, names } = open({ errors: true });
    const root = openRoot(tracer, 'root');
    const below = child(root, 'below');
    child(below, 'call').end();
    below.end();
    assert.deepEqual(names(), []);
    failed(root);
    root.end();
    assert.deepEqual([names(), told], [['call', 'below', 'root'], ['kept_error']]);
    assert.equal(queued[2]!.attributes.get('sampling.reason'), 'kept_error');
    assert.ok(queued.every(({ sampled }) => !sampled));
  });

  it('are dropped where no rule keeps them', () => {
    const { tracer, child, queued, told } = open({ errors: true });
    const root = openRoot(tracer, 'root');
    child(root, 'below').end();
    root.end();
    assert.deepEqual([queued, told], [[], []]);
  });

  it('are followed by spans that end late', () => {
    for (const fails of [true, false]) {
      const { tracer, child, names } = open({ errors: true });
      const root = openRoot(tracer, 'root');
      const late = child(root, 'late');
      if (fails) failed(root);
      root.end();
      late.end();
      assert.deepEqual(names(), fails ? ['root', 'late'] : []);
    }
  });

  it('do not delay traces that are kept anyway', () => {
    const { tracer, child, names } = open({}, alwaysSampler);
    const root = openRoot(tracer, 'root');
    child(root, 'below').end();
    assert.deepEqual(names(), ['below']);
  });

  it('are given up, the oldest first, where their spans take too much memory', () => {
    const { tracer, child, names, told } = open({ errors: true }, neverSampler, { maxBytes: 100_000 });
    const roots = Array.from({ length: 3 }, (_, i) => openRoot(tracer, `root-${i}`));
    for (const root of roots) {
      for (let i = 0; i < 40; i++) {
        const below = child(root, 'below');
        below.set('key', 'x'.repeat(400));
        below.end();
      }
    }
    assert.deepEqual(told, ['evicted']);
    for (const root of roots) failed(root).end();
    assert.deepEqual(
      names().filter((name) => name.startsWith('root')),
      ['root-1', 'root-2'],
    );
    assert.equal(names().length, 2 * 41);
    child(openRoot(tracer, 'next'), 'below').end();
    assert.equal(told.filter((one) => one === 'evicted').length, 1, 'there is room again');
  });

  it('are given up when they have waited too long', () => {
    let time = 0;
    const now = () => time;
    const { tail, tracer, child, names, told } = open({ errors: true }, neverSampler, { maxAgeMillis: 5_000, now });
    const old = openRoot(tracer, 'old');
    time = 3_000;
    const young = openRoot(tracer, 'young');
    time = 5_001;
    tail.sweep();
    assert.deepEqual(told, ['evicted']);
    for (const root of [old, young]) {
      child(root, 'below').end();
      failed(root).end();
    }
    assert.deepEqual(names(), ['below', 'young']);
  });

  it('are kept from the moment on in which they are slow, though they have not ended', () => {
    let time = 0;
    const now = () => time;
    const { tail, tracer, child, names, told, queued } = open({ slowerThanSeconds: 2 }, neverSampler, { now });
    const root = openRoot(tracer, 'root');
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
    for (let i = 0; i < 5; i++) failed(openRoot(tracer, 'root')).end();
    assert.equal(names().length, 2);
    assert.deepEqual(told, ['kept_error', 'kept_error', 'rate_limited', 'rate_limited', 'rate_limited']);
  });

  const span = (set: (span: Span) => void, seconds = 0): RecordingSpan => {
    const { tracer, queued } = open({}, alwaysSampler);
    const root = tracer.open(NOTHING, { startedAt: performance.now() - seconds * 1000 });
    set(root);
    root.end();
    return queued[0]!;
  };
  const failure = span((one) => void failed(one));
  const refused = (status: number, method = 'PUT') =>
    span((one) => {
      one.set('http.request.method', method);
      one.set('http.response.status_code', status);
      one.set('error.type', 'of_some_kind');
    });
  const denied = refused(403);
  const slow = span(() => {}, 2.5);
  const large = span((one) => one.set('upload.received_bytes', 1_000));
  const well = span(() => {});
  const call = (kind: SpanKind) => {
    const { tracer, queued } = open({}, alwaysSampler);
    failed(tracer.open(NOTHING, {}).child('call', kind)).end();
    return queued[0]!;
  };
  const failedCall = call('client');
  for (const [what, rules, spans, reason] of [
    ['a failure', { errors: true }, [failure], 'kept_error'],
    ['a failure', { errors: false, denied: true }, [failure], undefined],
    ['a mistake of the client', { errors: true }, [refused(400)], 'kept_error'],
    ['a mistake of the client', { errors: false, denied: true }, [refused(400)], undefined],
    ['an error after a 200', { errors: true }, [refused(200)], 'kept_error'],
    ['a HEAD that found nothing', { errors: true, denied: true }, [refused(404, 'HEAD')], undefined],
    ['a PUT that found nothing', { errors: true }, [refused(404)], 'kept_error'],
    ['a call that failed', { errors: true }, [well, failedCall], 'kept_error'],
    ['a call that failed', { errors: false, denied: true }, [well, failedCall], undefined],
    ['a part of ours that failed', { errors: true }, [well, call('internal')], undefined],
    ['a refusal', { denied: true }, [denied], 'kept_denied'],
    ['a refusal', { errors: true, denied: true }, [denied, call('internal')], 'kept_denied'],
    ['a refusal', { errors: true }, [denied, call('internal')], undefined],
    ['a refusal by the store', { errors: true, denied: true }, [denied, failedCall], 'kept_error'],
    ['a refusal by the store', { denied: true }, [denied, failedCall], 'kept_denied'],
    ['a slow one', { slowerThanSeconds: 2 }, [slow], 'kept_slow'],
    ['a slow one', { slowerThanSeconds: 3 }, [slow], undefined],
    ['a large one', { largerThanBytes: 999 }, [large], 'kept_large'],
    ['a large one', { largerThanBytes: 1_000 }, [large], undefined],
    ['one that went well', { errors: true, denied: true, slowerThanSeconds: 2, largerThanBytes: 1 }, [well], undefined],
  ] as const) {
    it(`${JSON.stringify(rules)} of ${what}: ${reason}`, () =>
      assert.equal(reasonToKeep({ ...NO_RULES, ...rules }, spans[0], spans), reason));
  }
});
