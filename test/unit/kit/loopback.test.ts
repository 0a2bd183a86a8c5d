import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isThisMachine } from '../../../src/kit/loopback.ts';

describe('a host', () => {
  for (const host of ['localhost', 'LocalHost', 'collector.localhost', '127.0.0.1', '127.8.9.10', '[::1]']) {
    it(`${host} is this machine`, () => assert.equal(isThisMachine(host), true));
  }
  for (const host of ['collector', '127.evil.com', 'localhost.evil.com', 'notlocalhost', '10.0.0.1', '[::2]', '']) {
    it(`${JSON.stringify(host)} is not known to be this machine`, () => assert.equal(isThisMachine(host), false));
  }
});
