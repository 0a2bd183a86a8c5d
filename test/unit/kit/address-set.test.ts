import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressSet, parseAddressRange, plainAddress } from '../../../src/kit/address-set.ts';

describe('a set of addresses', () => {
  it('contains ranges and single addresses of both families, and IPv4-mapped IPv6 addresses', () => {
    const set = addressSet(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
    for (const inside of ['10.255.0.1', '192.0.2.7', 'fd12::1', '::ffff:10.1.1.1']) assert.ok(set.has(inside), inside);
    for (const outside of ['11.0.0.1', '192.0.2.8', 'fe80::1', '::ffff:11.0.0.1', 'ten', '', undefined]) {
      assert.equal(set.has(outside), false, String(outside));
    }
  });

  it('ignores invalid ranges', () => {
    for (const text of [
      '',
      '10.0.0.0/33',
      '::/129',
      '10.0.0/8',
      '10.0.0.0/',
      'localhost',
      'fe80::1%eth0',
      '10.0.0.0/8/8',
    ]) {
      assert.equal(parseAddressRange(text), undefined, text);
    }
  });

  it('normalizes addresses', () => {
    assert.equal(plainAddress('2001:DB8:0:0::9'), '2001:db8::9');
    assert.equal(plainAddress('::ffff:203.0.113.9'), '203.0.113.9');
    assert.equal(plainAddress('::FFFF:cb00:7109'), '203.0.113.9');
    assert.equal(plainAddress('nobody'), undefined);
  });
});
