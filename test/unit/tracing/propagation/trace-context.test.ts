/**
 * W3C Trace Context, level 2. The first part follows the W3C's own harness (github.com/w3c/trace-context, test/test.py, with
 * SPEC_LEVEL=2 STRICT_LEVEL=2) case by case under the names of its cases: a request comes in with some headers, the gateway
 * calls a store on its behalf, and what that call carries is judged. The headers go through our real tracer.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestTracer } from '../../../../src/tracing/instrumentation.ts';
import { firstHeader, headerValues } from '../../../../src/tracing/propagation/raw-headers.ts';
import { cpuMicros } from '../../../support/growth.ts';
import { testTracer } from '../../../support/test-tracer.ts';

const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';
const SENT = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;

type Header = readonly [name: string, value: string];

interface Received {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  /** The tracestate header; empty without one. */
  readonly state: string;
  readonly members: ReadonlyMap<string, string>;
}

/** What each of `count` calls to the next service carries. */
function callsFor(headers: readonly Header[], count: number): Received[] {
  const tracer = createRequestTracer(testTracer().tracer, { conventions: 'stable' });
  const server = tracer.startRequest(headers.flat(), {});
  return Array.from({ length: count }, () => received(server.child('call', 'client').outgoingHeaders()));
}

function received(headers: readonly string[]): Received {
  const values = (wanted: string): string[] => headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === wanted);
  assert.equal(values('traceparent').length, 1, 'exactly one traceparent');
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(values('traceparent')[0]!);
  assert.ok(match, `a valid traceparent: ${values('traceparent')[0]}`);
  assert.notEqual(match[1], '0'.repeat(32));
  assert.notEqual(match[2], '0'.repeat(16));
  const states = values('tracestate');
  assert.ok(states.length <= 1 && !states.includes(''), 'no empty and no second tracestate');
  const state = states[0] ?? '';
  const members = new Map(state.split(',').map((one): Header => [one.split('=')[0]!, one.slice(one.indexOf('=') + 1)]));
  return { traceId: match[1]!, spanId: match[2]!, flags: Number.parseInt(match[3]!, 16), state, members };
}

const callFor = (...headers: readonly Header[]): Received => callsFor(headers, 1)[0]!;

function continues(...headers: readonly Header[]): Received {
  const call = callFor(...headers);
  assert.equal(call.traceId, TRACE);
  return call;
}

function restarts(...headers: readonly Header[]): void {
  const call = callFor(...headers);
  const sent = headers.map(([, value]) => value).join(' ');
  assert.ok(!sent.includes(call.traceId), 'a new trace id');
  assert.equal(call.state, '');
}

/** The tracestate of the call, for the tracestate headers of the request. */
const stateFor = (...states: readonly string[]): Received =>
  continues(['traceparent', UNSAMPLED], ...states.map((state): Header => ['tracestate', state]));

function discards(...states: readonly string[]): void {
  assert.equal(stateFor(...states).state, '');
}

const members = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(2, '0'))
    .map((number) => `bar${number}=${number}`)
    .join(',');

describe('W3C Trace Context harness: TraceContextTest', () => {
  it('test_both_traceparent_and_tracestate_missing', () => {
    assert.equal(callFor().state, '');
  });

  it('test_traceparent_included_tracestate_missing', () => {
    assert.notEqual(continues(['traceparent', SENT]).spanId, PARENT);
  });

  it('test_traceparent_duplicated', () => {
    restarts(['traceparent', SENT.replace('9012-', '9011-')], ['traceparent', SENT]);
    restarts(['traceparent', SENT], ['traceparent', SENT]);
  });

  it('test_traceparent_header_name', () => {
    restarts(['trace-parent', SENT]);
    restarts(['trace.parent', SENT]);
  });

  it('test_traceparent_header_name_valid_casing', () => {
    for (const name of ['TraceParent', 'TrAcEpArEnT', 'TRACEPARENT']) continues([name, SENT]);
  });

  it('test_traceparent_version_0x00', () => {
    restarts(['traceparent', `${SENT}.`]);
    restarts(['traceparent', `${SENT}-what-the-future-will-be-like`]);
  });

  it('test_traceparent_version_0xcc', () => {
    const future = SENT.replace('00-', 'cc-');
    continues(['traceparent', future]);
    continues(['traceparent', `${future}-what-the-future-will-be-like`]);
    restarts(['traceparent', `${future}.what-the-future-will-be-like`]);
  });

  it('test_traceparent_version_0xff', () => {
    restarts(['traceparent', SENT.replace('00-', 'ff-')]);
  });

  it('test_traceparent_version_illegal_characters', () => {
    restarts(['traceparent', SENT.replace('00-', '.0-')]);
    restarts(['traceparent', SENT.replace('00-', '0.-')]);
  });

  it('test_traceparent_version_too_long', () => {
    restarts(['traceparent', `0${SENT}`]);
    restarts(['traceparent', `00${SENT}`]);
  });

  it('test_traceparent_version_too_short', () => {
    restarts(['traceparent', SENT.slice(1)]);
  });

  it('test_traceparent_trace_id_all_zero', () => {
    restarts(['traceparent', `00-${'0'.repeat(32)}-${PARENT}-01`]);
  });

  it('test_traceparent_trace_id_illegal_characters', () => {
    restarts(['traceparent', `00-.${TRACE.slice(1)}-${PARENT}-01`]);
    restarts(['traceparent', `00-${TRACE.slice(0, 31)}.-${PARENT}-01`]);
  });

  it('test_traceparent_trace_id_too_long', () => {
    restarts(['traceparent', `00-${TRACE}3-${PARENT}-01`]);
  });

  it('test_traceparent_trace_id_too_short', () => {
    restarts(['traceparent', `00-${TRACE.slice(0, 31)}-${PARENT}-01`]);
  });

  it('test_traceparent_parent_id_all_zero', () => {
    restarts(['traceparent', `00-${TRACE}-${'0'.repeat(16)}-01`]);
  });

  it('test_traceparent_parent_id_illegal_characters', () => {
    restarts(['traceparent', `00-${TRACE}-.${PARENT.slice(1)}-01`]);
    restarts(['traceparent', `00-${TRACE}-${PARENT.slice(0, 15)}.-01`]);
  });

  it('test_traceparent_parent_id_too_long', () => {
    restarts(['traceparent', `00-${TRACE}-${PARENT}7-01`]);
  });

  it('test_traceparent_parent_id_too_short', () => {
    restarts(['traceparent', `00-${TRACE}-${PARENT.slice(0, 15)}-01`]);
  });

  it('test_traceparent_trace_flags_illegal_characters', () => {
    restarts(['traceparent', `00-${TRACE}-${PARENT}-.0`]);
    restarts(['traceparent', `00-${TRACE}-${PARENT}-0.`]);
  });

  it('test_traceparent_trace_flags_too_long', () => {
    restarts(['traceparent', `00-${TRACE}-${PARENT}-001`]);
  });

  it('test_traceparent_trace_flags_too_short', () => {
    restarts(['traceparent', `00-${TRACE}-${PARENT}-1`]);
  });

  it('test_traceparent_ows_handling', () => {
    for (const value of [` ${SENT}`, `\t${SENT}`, `${SENT} `, `${SENT}\t`, `\t ${SENT} \t`])
      continues(['traceparent', value]);
  });

  it('test_tracestate_included_traceparent_missing', () => {
    assert.equal(callFor(['tracestate', 'foo=1']).state, '');
    assert.equal(callFor(['tracestate', 'foo=1,bar=2']).state, '');
  });

  it('test_tracestate_included_traceparent_included', () => {
    assert.equal(stateFor('foo=1,bar=2').state, 'foo=1,bar=2');
  });

  it('test_tracestate_header_name', () => {
    for (const name of ['trace-state', 'trace.state'])
      assert.equal(continues(['traceparent', UNSAMPLED], [name, 'foo=1']).state, '');
  });

  it('test_tracestate_header_name_valid_casing', () => {
    for (const name of ['TraceState', 'TrAcEsTaTe', 'TRACESTATE'])
      assert.equal(continues(['traceparent', UNSAMPLED], [name, 'foo=1']).state, 'foo=1');
  });

  it('test_tracestate_empty_header', () => {
    assert.equal(stateFor('').state, '');
    assert.equal(stateFor('foo=1', '').state, 'foo=1');
    assert.equal(stateFor('', 'foo=1').state, 'foo=1');
  });

  it('test_tracestate_multiple_headers_different_keys', () => {
    const { state } = stateFor('foo=1,bar=2', 'rojo=1,congo=2', 'baz=3');
    assert.equal(state, 'foo=1,bar=2,rojo=1,congo=2,baz=3');
  });

  it('test_tracestate_duplicated_keys', () => {
    assert.equal(stateFor('foo=1,foo=1').state, 'foo=1');
    assert.equal(stateFor('foo=1,foo=2').state, 'foo=1');
    assert.equal(stateFor('foo=1', 'foo=1').state, 'foo=1');
    assert.equal(stateFor('foo=1', 'foo=2').state, 'foo=1');
  });

  it('test_tracestate_all_allowed_characters', () => {
    const key = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/';
    const value = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i))
      .filter((character) => character !== ',' && character !== '=')
      .join('');
    assert.equal(stateFor(`${key}=${value}`).members.get(key), value);
    assert.equal(stateFor(`${key}@a-z0-9_-*/=${value}`).members.get(`${key}@a-z0-9_-*/`), value);
  });

  it('test_tracestate_ows_handling', () => {
    assert.equal(stateFor('foo=1 \t , \t bar=2, \t baz=3').state, 'foo=1,bar=2,baz=3');
    assert.equal(stateFor('foo=1\t \t,\t \tbar=2,\t \tbaz=3').state, 'foo=1,bar=2,baz=3');
    for (const state of [' foo=1', '\tfoo=1', 'foo=1 ', 'foo=1\t', '\t foo=1 \t'])
      assert.equal(stateFor(state).state, 'foo=1');
  });

  it('test_tracestate_key_illegal_characters', () => {
    discards('foo =1');
    discards('FOO=1');
    discards('foo.bar=1');
  });

  it('test_tracestate_key_illegal_vendor_format', () => {
    discards('@foo=1,bar=2');
  });

  it('test_tracestate_member_count_limit', () => {
    const three = [members(1, 10), members(11, 20), members(21, 30)];
    const call = stateFor(...three, members(31, 32));
    assert.equal(call.members.size, 32);
    assert.equal(call.members.get('bar01'), '01');
    discards(...three, members(31, 33));
  });

  it('test_tracestate_key_length_limit', () => {
    assert.equal(stateFor('foo=1', `${'z'.repeat(256)}=1`).members.get('foo'), '1');
    assert.equal(stateFor('foo=1', `${'t'.repeat(241)}@${'v'.repeat(14)}=1`).members.get('foo'), '1');
    discards('foo=1', `${'z'.repeat(257)}=1`);
  });

  it('test_tracestate_value_illegal_characters', () => {
    discards('foo=bar=baz');
    discards('foo=,bar=3');
  });
});

describe('W3C Trace Context harness: AdvancedTest', () => {
  it('test_multiple_requests_with_valid_traceparent', () => {
    const calls = callsFor([['traceparent', SENT]], 3);
    assert.deepEqual(new Set(calls.map(({ traceId }) => traceId)), new Set([TRACE]));
    assert.equal(new Set(calls.map(({ spanId }) => spanId)).size, 3);
  });

  it('test_multiple_requests_without_traceparent', () => {
    assert.equal(new Set(callsFor([], 3).map(({ spanId }) => spanId)).size, 3);
  });

  it('test_multiple_requests_with_illegal_traceparent', () => {
    const calls = callsFor([['traceparent', `00-${'0'.repeat(32)}-${PARENT}-01`]], 3);
    assert.equal(new Set(calls.map(({ spanId }) => spanId)).size, 3);
  });
});

describe('W3C Trace Context harness: TraceContext2Test', () => {
  it('test_propagates_random_flag', () => {
    const { flags } = continues(['traceparent', `00-${TRACE}-${PARENT}-02`]);
    assert.equal(flags & 2, 2);
  });
});

describe('trace context, beyond the harness', () => {
  it('sets the random flag on traces that begin here, and not on traces whose caller did not', () => {
    assert.equal(callFor().flags, 3);
    assert.equal(continues(['traceparent', SENT]).flags, 1);
  });

  it('passes the sampled flag on as it came', () => {
    assert.equal(continues(['traceparent', UNSAMPLED]).flags, 0);
    assert.equal(continues(['traceparent', `00-${TRACE}-${PARENT}-03`]).flags, 3);
  });

  it('sends unknown flags as zero', () => {
    assert.equal(continues(['traceparent', `00-${TRACE}-${PARENT}-ff`]).flags, 3);
    assert.equal(continues(['traceparent', `00-${TRACE}-${PARENT}-f0`]).flags, 0);
  });

  it('refuses upper-case digits', () => {
    restarts(['traceparent', `00-${TRACE.replace('1', 'A')}-${PARENT}-01`]);
    restarts(['traceparent', `00-${TRACE}-${PARENT.replace('1', 'A')}-01`]);
    restarts(['traceparent', `00-${TRACE}-${PARENT}-0A`]);
  });

  it('takes keys that begin with a digit or end with @, as level 2 does', () => {
    assert.equal(stateFor('0foo=1,foo@=2').state, '0foo=1,foo@=2');
  });

  it('carries 512 characters of tracestate, and removes whole members beyond: long ones first, then from the end', () => {
    const long = `long=${'x'.repeat(200)}`;
    const fill = Array.from({ length: 12 }, (_, i) => `k${i}=${'y'.repeat(30)}`);
    const cut = stateFor(['first=1', long, ...fill].join(','));
    assert.ok(cut.state.length <= 512);
    assert.equal(cut.members.has('long'), false);
    assert.equal(cut.members.size, 13);
    const many = Array.from({ length: 32 }, (_, i) => `k${i}=${'y'.repeat(30)}`);
    const shorter = stateFor(many.join(','));
    assert.ok(shorter.state.length <= 512 && shorter.state.length > 440);
    assert.ok(many.join(',').startsWith(shorter.state));
  });

  it('reads hostile headers in no time', () => {
    const hostile = [`a=${' '.repeat(16_000)}b`, ' ,'.repeat(8000), `a=b${'\t '.repeat(8000)}x`, 'a=1,'.repeat(4000)];
    const start = cpuMicros();
    for (const state of hostile) stateFor(state);
    restarts(['traceparent', `${SENT}${' '.repeat(16_000)}x`]);
    continues(['traceparent', `${SENT.replace('00-', '01-')}-${'- '.repeat(8000)}`]);
    assert.ok(cpuMicros() - start < 50_000);
  });

  it('reads each name of raw headers, in any case, with all its values', () => {
    const headers = ['Host', 'a', 'X-Two', '1', 'x-two', '2', 'X-TWO', '3'];
    assert.equal(headerValues(headers, 'host'), 'a');
    assert.deepEqual(headerValues(headers, 'x-two'), ['1', '2', '3']);
    assert.equal(headerValues(headers, 'none'), undefined);
    assert.deepEqual([firstHeader(headers, 'x-two'), firstHeader(headers, 'none')], ['1', undefined]);
  });
});
