import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { RecentFailures } from '../../../src/view/recent-failures.ts';
import { ShownKeys } from '../../../src/view/shown-keys.ts';
import { type FinishedOptions, finishedRequest } from '../../support/finished-request.ts';

const MINUTE = 60_000;
const START = 1_800_000_000_000;

function open({ plain = true } = {}) {
  let time = START;
  const failures = new RecentFailures(new ShownKeys(Buffer.from('secret'), plain), () => time);
  return {
    failures,
    finish: (options: FinishedOptions) => failures.finished(finishedRequest(options)),
    pass: (millis: number) => void (time += millis),
    groups: () => failures.groups(time),
  };
}

const DENIED = { type: 'access_denied' } as const;

describe('recent failures', () => {
  it('are counted by side, type and reason, the most frequent first', () => {
    const { finish, groups } = open();
    finish({});
    finish({ fails: { type: 'store_unreachable', reason: 'ECONNREFUSED' } });
    finish({ fails: { type: 'store_unreachable', reason: 'ETIMEDOUT' } });
    for (let i = 0; i < 3; i++) finish({ fails: DENIED });
    finish({ fails: { type: 'store_unreachable', reason: 'ETIMEDOUT' } });
    const found = groups().map(({ side, error_type, reason, count }) => [side, error_type, reason, count]);
    assert.deepEqual(found, [
      ['client', 'access_denied', null, 3],
      ['store', 'store_unreachable', 'ETIMEDOUT', 2],
      ['store', 'store_unreachable', 'ECONNREFUSED', 1],
    ]);
  });

  it('have their newest five as examples', () => {
    const { finish, groups } = open();
    const span = { ...NO_SPAN, traceId: 'trace' };
    for (let i = 0; i < 7; i++) finish({ id: `${i}`, key: 'a', span, fails: { ...DENIED, message: 'No.' } });
    const { examples } = groups()[0]!;
    assert.deepEqual(
      examples.map(({ id }) => id),
      ['6', '5', '4', '3', '2'],
    );
    assert.deepEqual(examples[0], {
      at: START,
      id: '6',
      trace_id: 'trace',
      bucket: 'photos',
      key: 'a',
      message: 'No.',
    });
  });

  it('show hashes of keys, also in messages', () => {
    const { finish, groups } = open({ plain: false });
    finish({ key: 'alice.jpg', fails: { ...DENIED, message: 'No access to alice%2Ejpg.' } });
    const { examples } = groups()[0]!;
    assert.match(examples[0]!.key!, /^#[0-9a-f]{16}$/);
    assert.equal(examples[0]!.message, `No access to ${examples[0]!.key}.`);
  });

  it('are those of the last 15 minutes', () => {
    const { finish, groups, pass } = open();
    finish({ id: 'old', fails: DENIED });
    pass(10 * MINUTE);
    finish({ id: 'new', fails: DENIED });
    assert.equal(groups()[0]!.count, 2);
    pass(5 * MINUTE);
    assert.deepEqual(
      groups().map(({ count, examples }) => [count, examples.map(({ id }) => id)]),
      [[1, ['new']]],
    );
    pass(100 * MINUTE);
    assert.deepEqual(groups(), []);
    finish({ fails: DENIED });
    assert.equal(groups()[0]!.count, 1);
    pass(-50 * MINUTE);
    finish({ fails: DENIED });
    assert.equal(groups()[0]!.count, 2);
  });

  it('are limited to the 200 kinds that failed last', () => {
    const { finish, groups } = open();
    finish({ fails: { ...DENIED, reason: 'first' } });
    for (let i = 0; i < 199; i++) finish({ fails: { ...DENIED, reason: `${i}` } });
    finish({ fails: { ...DENIED, reason: 'first' } });
    finish({ fails: { ...DENIED, reason: 'last' } });
    const reasons = groups().map(({ reason }) => reason);
    assert.equal(reasons.length, 200);
    assert.ok(reasons.includes('first') && reasons.includes('last') && !reasons.includes('0'));
  });
});
