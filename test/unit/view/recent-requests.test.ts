import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OtlpTraces, RecordedRequests, RecordedSpans } from '../../../src/domain/recorded-requests.ts';
import { NO_SPAN, type Span } from '../../../src/domain/span.ts';
import { RecentRequests } from '../../../src/view/recent-requests.ts';
import { ShownKeys } from '../../../src/view/shown-keys.ts';
import { finishedRequest } from '../../support/finished-request.ts';

const SECRET = Buffer.from('secret');
const MIB = 1024 ** 2;
const HOUR = 3_600_000;

/** Spans that were recorded; of each span the trace. @param bytes of each request. */
function fakeRecorded(bytes: number) {
  const detached: string[] = [];
  const spansOf = (root: Span): RecordedSpans => ({
    exported: true,
    bytes,
    leftOut: 0,
    detach: () => void detached.push(root.traceId!),
    otlp: () => ({
      resourceSpans: [{ scopeSpans: [{ spans: [{ kind: 2, attributes: text('of', root.traceId!) }] }] }],
    }),
  });
  const recorded: RecordedRequests = { of: (root) => (root === NO_SPAN ? undefined : spansOf(root)) };
  return { recorded, detached };
}

const text = (key: string, stringValue: string) => [{ key, value: { stringValue } }];
const spanOf = (traceId: string): Span => ({ ...NO_SPAN, traceId, sampled: true });

function open({ plain = true, bytes = 1_000 } = {}) {
  let time = 1_800_000_000_000;
  const { recorded, detached } = fakeRecorded(bytes);
  const recent = new RecentRequests({ keys: new ShownKeys(SECRET, plain), recorded, now: () => time });
  const ids = (kept?: string) =>
    recent
      .requests(0)
      .requests.filter((request) => kept === undefined || request.kept === kept)
      .map(({ id }) => id);
  return { recent, ids, detached, pass: (millis: number) => void (time += millis) };
}

describe('a request that has ended', () => {
  it('is shown with its facts', () => {
    const { recent } = open();
    recent.finished(finishedRequest({ id: 'A', key: 'a/b', seconds: 2, span: spanOf('trace'), uploadId: 'secret id' }));
    const [request] = recent.requests(0).requests;
    const { started_at, duration_seconds, upload, ...others } = request!;
    assert.deepEqual(others, {
      id: 'A',
      trace_id: 'trace',
      sampled: true,
      has_spans: true,
      client_wait_seconds: 0,
      store_wait_seconds: 0,
      bucket: 'photos',
      key: 'a/b',
      operation: 'UploadPart',
      part_number: 7,
      method: 'PUT',
      status: 200,
      bytes: 1_000,
      outcome: 'stored',
      side: null,
      error_type: null,
      reason: null,
      message: null,
      kept: 'recent',
      worker: null,
    });
    assert.ok(duration_seconds >= 2 && duration_seconds < 3);
    assert.equal(started_at, Math.round(1_800_000_000_000 - duration_seconds * 1000));
    assert.match(upload!, /^[0-9a-f]{16}$/);
  });

  it('is shown with its failure, and the side that has to act', () => {
    const { recent } = open();
    recent.finished(
      finishedRequest({
        fails: { type: 'store_unreachable', reason: 'ECONNREFUSED' },
        named: { bucket: 'b', operation: 'GetObject' },
      }),
    );
    const [request] = recent.requests(0).requests;
    const { side, error_type, reason, message, bucket, key, operation, trace_id, has_spans, sampled, status } =
      request!;
    assert.deepEqual(
      [side, error_type, reason, bucket, key, operation],
      ['store', 'store_unreachable', 'ECONNREFUSED', 'b', null, 'GetObject'],
    );
    assert.ok(message);
    assert.ok(status! >= 500);
    assert.deepEqual([trace_id, has_spans, sampled], [null, false, false]);
  });

  it('is shown with a hash of its key', () => {
    const { recent } = open({ plain: false });
    for (const key of ['alice.jpg', 'bob.jpg', 'alice.jpg'])
      recent.finished(finishedRequest({ key, fails: { type: 'access_denied', message: `No access to "${key}".` } }));
    const [third, second, first] = recent.requests(0).requests;
    assert.match(first!.key!, /^#[0-9a-f]{16}$/);
    assert.equal(first!.key, third!.key);
    assert.notEqual(first!.key, second!.key);
    assert.equal(first!.message, `No access to "${first!.key}".`);
    assert.doesNotMatch(JSON.stringify(recent.requests(0)), /alice|bob/);
  });
});

describe('a credential in a key or in a message', () => {
  for (const plain of [true, false]) {
    it(`is not shown ${plain ? 'with' : 'without'} keys`, () => {
      const { recent } = open({ plain });
      const key = 'copy?X-Amz-Signature=5ec8e7';
      recent.finished(finishedRequest({ key, fails: { type: 'access_denied', message: `No access to ${key}.` } }));
      const [request] = recent.requests(0).requests;
      assert.doesNotMatch(JSON.stringify(request), /5ec8e7/);
      assert.equal(request!.message!.includes('copy'), plain);
    });
  }
});

describe('recent requests', () => {
  it('come newest first, and those after a sequence', () => {
    const { recent } = open();
    for (const id of ['A', 'B', 'C']) recent.finished(finishedRequest({ id }));
    const { sequence, requests } = recent.requests(1);
    assert.equal(sequence, 3);
    assert.deepEqual(
      requests.map(({ id }) => id),
      ['C', 'B'],
    );
    assert.deepEqual(recent.requests(3).requests, []);
  });

  it('are all there for a watcher of a process that has restarted', () => {
    const { recent } = open();
    recent.finished(finishedRequest({ id: 'A' }));
    assert.deepEqual(
      recent.requests(900).requests.map(({ id }) => id),
      ['A'],
    );
  });

  it('are the last 500, and of those before the slowest 50', () => {
    const { recent, ids, detached } = open();
    for (let i = 0; i < 1_000; i++)
      recent.finished(finishedRequest({ id: `${i}`, seconds: i < 100 ? 100 - i : 0.1, span: spanOf(`${i}`) }));
    assert.deepEqual(
      ids('recent'),
      Array.from({ length: 500 }, (_, i) => `${999 - i}`),
    );
    assert.deepEqual(
      ids('slow').toSorted((a, b) => +a - +b),
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
    assert.ok(detached.includes('0'));
  });

  it('are slow for an hour only', () => {
    const { recent, ids, pass } = open();
    recent.finished(finishedRequest({ id: 'old', seconds: 100 }));
    for (let i = 0; i < 560; i++) recent.finished(finishedRequest({ id: `${i}` }));
    assert.ok(ids('slow').includes('old'));
    pass(HOUR + 1);
    assert.deepEqual(ids('slow'), []);
    for (let i = 0; i < 60; i++) recent.finished(finishedRequest({ id: `new ${i}` }));
    assert.equal(ids('recent').length, 500);
  });

  it('are kept longer where they failed: the newest 20 of a type', () => {
    const { recent, ids } = open();
    for (let i = 0; i < 30; i++)
      recent.finished(finishedRequest({ id: `denied ${i}`, fails: { type: 'access_denied' } }));
    recent.finished(finishedRequest({ id: 'unique', fails: { type: 'internal_error' } }));
    for (let i = 0; i < 600; i++) recent.finished(finishedRequest({ id: `${i}` }));
    assert.deepEqual(ids('failed'), ['unique', ...Array.from({ length: 20 }, (_, i) => `denied ${29 - i}`)]);
  });

  it('are bounded in bytes: spans of ordinary requests go first, those of failed ones last', () => {
    const { recent } = open({ bytes: MIB });
    recent.finished(finishedRequest({ id: 'failed', span: spanOf('failed'), fails: { type: 'access_denied' } }));
    for (let i = 0; i < 100; i++) recent.finished(finishedRequest({ id: `${i}`, span: spanOf(`${i}`) }));
    const { requests } = recent.requests(0);
    assert.equal(requests.length, 101);
    const withSpans = requests.filter(({ has_spans }) => has_spans).map(({ id }) => id);
    assert.deepEqual([withSpans.length, withSpans[0], withSpans.at(-1)], [15, '99', 'failed']);
    assert.ok(recent.bytes <= 16 * MIB);
    for (let i = 0; i < 100; i++)
      recent.finished(finishedRequest({ id: `f${i}`, span: spanOf(`f${i}`), fails: { type: 'access_denied' } }));
    assert.ok(recent.bytes <= 16 * MIB);
    assert.equal(recent.requests(0).requests.filter(({ has_spans }) => has_spans).length, 15);
  });

  it('are counted as they were at the end of their request, although a span may end later', () => {
    const spans = { exported: true, bytes: 1_000, leftOut: 0, detach() {}, otlp: () => ({ resourceSpans: [] }) };
    const recorded: RecordedRequests = { of: () => spans };
    const recent = new RecentRequests({ keys: new ShownKeys(SECRET, true), recorded });
    recent.finished(finishedRequest({ span: spanOf('one') }));
    const before = recent.bytes;
    spans.bytes += 20 * MIB;
    for (let i = 0; i < 20; i++) recent.finished(finishedRequest({ span: spanOf('one') }));
    assert.equal(recent.requests(0).requests[0]!.has_spans, false);
    assert.ok(recent.bytes >= before - 1_000, `${recent.bytes} bytes`);
  });

  it('are counted exactly in bytes, whatever leaves', () => {
    const { recent, pass } = open({ bytes: 100_000 });
    for (let i = 0; i < 3_000; i++) {
      const fails = i % 3 === 0 ? ({ type: i % 2 === 0 ? 'access_denied' : 'bad_request' } as const) : undefined;
      recent.finished(
        finishedRequest({ key: `${i}`, seconds: (i * 37) % 100, span: spanOf(`${i}`), ...(fails && { fails }) }),
      );
      if (i % 1_000 === 0) pass(HOUR);
    }
    assert.ok(recent.bytes <= 16 * MIB && recent.bytes > 15 * MIB, `${recent.bytes}`);
    const withSpans = recent.requests(0).requests.filter(({ has_spans }) => has_spans).length;
    const others = recent.bytes - withSpans * 100_000;
    assert.ok(others > 0 && others < 1_000 * recent.requests(0).requests.length, `${others}`);
  });
});

describe('the spans of a trace', () => {
  const idsIn = (json: string | undefined) =>
    (JSON.parse(json!) as OtlpTraces).resourceSpans[0]!.scopeSpans[0]!.spans.map(
      ({ attributes }) => attributes![0]!.value.stringValue,
    );

  it('are those of all its requests', () => {
    const { recent } = open();
    for (const trace of ['one', 'two', 'one']) recent.finished(finishedRequest({ span: spanOf(trace) }));
    assert.deepEqual(idsIn(recent.trace('one')), ['one', 'one']);
    assert.equal(recent.trace('three'), undefined);
  });

  it('are undefined where none were recorded, and after they had to go', () => {
    const { recent } = open({ bytes: 20 * MIB });
    recent.finished(finishedRequest({ span: NO_SPAN }));
    recent.finished(finishedRequest({ span: spanOf('one') }));
    assert.equal(recent.trace('one'), undefined);
    assert.equal(recent.requests(0).requests.length, 2);
  });

  it('are those of the newest requests where the trace is large', () => {
    const { recent } = open({ bytes: MIB / 4 });
    for (let i = 0; i < 10; i++) recent.finished(finishedRequest({ span: spanOf('one') }));
    assert.equal(idsIn(recent.trace('one')).length, 4);
  });
});
