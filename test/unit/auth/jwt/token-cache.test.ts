import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { KeySet, KeySource } from '../../../../src/auth/jwt/key-source.ts';
import { TokenCache } from '../../../../src/auth/jwt/token-cache.ts';

const setOf = (): KeySet => ({ find: () => Promise.reject(new Error('not asked')) });
const keys = setOf();
const source = (held: () => KeySet | undefined = () => keys): KeySource => ({
  origin: 'cached',
  held,
  keys: async () => keys,
  newerKeys: async () => undefined,
  close: async () => {},
});
const cached = (expiresAt = 1000, from = source()) => ({
  verified: { subject: 'device-7', claims: {}, expiresAt },
  keyId: 'one',
  source: from,
  keys,
});

describe('the memory of verified tokens', () => {
  it('gives what it was given, for that very token', () => {
    const cache = new TokenCache();
    const entry = cached();
    cache.put('token', entry, 0);
    assert.equal(cache.get('token', 999)?.verified, entry.verified);
    for (const other of ['Token', 'token ', '', 'toke']) assert.equal(cache.get(other, 0), undefined);
  });

  it('ends an entry with its token, and frees it', () => {
    const cache = new TokenCache();
    cache.put('token', cached(1000), 0);
    assert.equal(cache.get('token', 1000), undefined);
    assert.equal(cache.size, 0);
    cache.put('late', cached(1000), 1000);
    assert.equal(cache.size, 0);
  });

  it('ends an entry after the configured maximum age', () => {
    const cache = new TokenCache({ maxAgeMillis: 100 });
    cache.put('token', cached(1000), 50);
    assert.ok(cache.get('token', 149));
    assert.equal(cache.get('token', 150), undefined);
  });

  it('ends an entry with its keys, and does not use it while there are none', () => {
    let held: KeySet | undefined = keys;
    const cache = new TokenCache();
    cache.put(
      'token',
      cached(
        1000,
        source(() => held),
      ),
      0,
    );
    held = undefined;
    assert.equal(cache.get('token', 1), undefined);
    held = keys;
    assert.ok(cache.get('token', 2));
    held = setOf();
    assert.equal(cache.get('token', 3), undefined);
    held = keys;
    assert.equal(cache.get('token', 4), undefined);
  });

  it('evicts the least recently used entry', () => {
    const cache = new TokenCache({ entries: 3 });
    for (const token of ['a', 'b', 'c']) cache.put(token, cached(), 0);
    assert.ok(cache.get('a', 0));
    cache.put('d', cached(), 0);
    assert.equal(cache.size, 3);
    assert.equal(cache.get('b', 0), undefined);
    for (const token of ['a', 'c', 'd']) assert.ok(cache.get(token, 0));
  });

  it('never holds more than the configured number of characters', () => {
    const cache = new TokenCache({ characters: 10 });
    for (let i = 0; i < 100; i++) {
      cache.put(`abc${i % 3}`, cached(i % 2 ? 1000 : i), i);
      cache.get(`abc${i % 5}`, i);
    }
    for (const token of ['xxx0', 'xxx1', 'xxx2']) cache.put(token, cached(), 100);
    assert.equal(cache.size, 2);
    cache.put('one that is too long', cached(), 100);
    assert.equal(cache.size, 0);
  });

  it('holds no token', () => {
    const cache = new TokenCache();
    cache.put('a-token-that-nobody-may-see', cached(), 0);
    assert.equal(cache.size, 1);
    assert.doesNotMatch(inspect(cache, { depth: 10, showHidden: true }), /nobody-may-see/);
  });
});
