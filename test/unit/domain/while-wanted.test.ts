import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import { whileWanted } from '../../../src/domain/while-wanted.ts';

const isGone = (error: unknown): boolean => error instanceof Failure && error.type === 'client_aborted';
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('waiting while a client is connected', () => {
  it('gives what comes, and leaves nothing at the signal', async () => {
    const { signal } = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = whileWanted(promise, signal);
    assert.equal(listeners(signal), 1);
    resolve('answer');
    assert.equal(await waiting, 'answer');
    assert.equal(listeners(signal), 0);
  });

  it('throws what goes wrong, and leaves nothing at the signal', async () => {
    const { signal } = new AbortController();
    const trouble = new Error('trouble');
    await assert.rejects(whileWanted(Promise.reject(trouble), signal), (error) => error === trouble);
    assert.equal(listeners(signal), 0);
  });

  it('ends when the client goes, while the work goes on', async () => {
    const client = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = whileWanted(promise, client.signal);
    const other = whileWanted(promise, new AbortController().signal);
    client.abort();
    await assert.rejects(waiting, isGone);
    resolve('answer');
    assert.equal(await other, 'answer');
    assert.equal(listeners(client.signal), 0);
  });

  it('does not begin for a client that has disconnected, and a later failure is ignored', async (t) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    t.after(() => void process.off('unhandledRejection', note));
    const { promise, reject } = Promise.withResolvers<string>();
    const gone = AbortSignal.abort();
    const waiting = whileWanted(promise, gone);
    assert.equal(listeners(gone), 0);
    await assert.rejects(waiting, isGone);
    reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
  });
});
