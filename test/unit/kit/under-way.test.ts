import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UnderWay } from '../../../src/kit/under-way.ts';

describe('UnderWay', () => {
  it('is empty at first', () => new UnderWay().none());

  it('waits for all work, successful or not', async () => {
    const underWay = new UnderWay();
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    const watched = [underWay.watch(first.promise), underWay.watch(second.promise)] as const;
    let over = false;
    const none = underWay.none().then(() => {
      over = true;
    });
    first.resolve('result');
    assert.equal(await watched[0], 'result');
    assert.equal(over, false);
    second.reject(new Error('it broke'));
    await assert.rejects(watched[1], /it broke/);
    await none;
    await underWay.none();
  });

  it('can be reused', async () => {
    const underWay = new UnderWay();
    await underWay.watch(Promise.resolve());
    const { promise, resolve } = Promise.withResolvers<void>();
    const watched = underWay.watch(promise);
    let over = false;
    const none = underWay.none().then(() => {
      over = true;
    });
    await Promise.resolve();
    assert.equal(over, false);
    resolve();
    await watched;
    await none;
  });
});
