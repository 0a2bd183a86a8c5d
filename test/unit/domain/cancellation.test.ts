import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { abortSignalOf, Cancellation } from '../../../src/domain/cancellation.ts';

describe('a cancellation', () => {
  it('calls its listeners once, in their order, with the reason of the first call', () => {
    const cancellation = new Cancellation();
    const calls: unknown[] = [];
    for (const name of ['a', 'b']) cancellation.addEventListener('abort', () => calls.push(name, cancellation.reason));
    cancellation.abort('first');
    cancellation.abort('second');
    assert.deepEqual(calls, ['a', 'first', 'b', 'first']);
    assert.equal(cancellation.aborted, true);
  });

  it('does not call listeners that are removed, also by another listener', () => {
    const cancellation = new Cancellation();
    const calls: string[] = [];
    const [early, late] = [() => calls.push('early'), () => calls.push('late')];
    cancellation.addEventListener('abort', early);
    cancellation.addEventListener('abort', () => cancellation.removeEventListener('abort', late));
    cancellation.addEventListener('abort', late);
    cancellation.removeEventListener('abort', early);
    cancellation.abort('reason');
    assert.deepEqual(calls, []);
  });

  it('calls no listener that comes after it', () => {
    const cancellation = new Cancellation();
    const late = (): void => assert.fail('called');
    cancellation.addEventListener('abort', () => cancellation.addEventListener('abort', late));
    cancellation.abort('reason');
    cancellation.addEventListener('abort', late);
  });

  it('throws its reason after it', () => {
    const cancellation = new Cancellation();
    cancellation.throwIfAborted();
    cancellation.abort(new Error('gone'));
    assert.throws(() => cancellation.throwIfAborted(), { message: 'gone' });
  });

  it('is an AbortSignal where Node.js needs one', () => {
    const cancellation = new Cancellation();
    const before = abortSignalOf(cancellation);
    assert.equal(before.aborted, false);
    cancellation.abort('gone');
    assert.equal(before.reason, 'gone');
    assert.equal(abortSignalOf(cancellation).reason, 'gone');
    const { signal } = new AbortController();
    assert.equal(abortSignalOf(signal), signal);
  });
});
