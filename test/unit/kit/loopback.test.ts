import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback } from '../../../src/kit/loopback.ts';

describe('a host', () => {
  for (const host of ['localhost', 'LocalHost', 'collector.localhost', '127.0.0.1', '127.8.9.10', '[::1]']) {
    it(`${host} is a loopback address`, () => assert.equal(isLoopback(host), true));
  }
  for (const host of ['collector', '127.evil.com', 'localhost.evil.com', 'notlocalhost', '10.0.0.1', '[::2]', '']) {
    it(`${JSON.stringify(host)} is not a loopback address`, () => assert.equal(isLoopback(host), false));
  }
});
