import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProxyHeader } from '../../../src/server/proxy-header.ts';

/** Recorded from HAProxy 2.6.12, each followed by the first bytes of the connection. */
const RECORDED: [option: string, hex: string, source: string, rest: string][] = [
  [
    'send-proxy',
    '50524f58592054435034203132372e302e302e31203132372e302e302e312034353230382032383931320d0a6869',
    '127.0.0.1',
    'hi',
  ],
  ['send-proxy-v2', '0d0a0d0a000d0a515549540a2111000c7f0000017f000001c9aa70f36869', '127.0.0.1', 'hi'],
  [
    'send-proxy-v2 with crc32c and unique-id',
    '0d0a0d0a000d0a515549540a211100167f0000017f000001beea70f103000485ff164c0500006869',
    '127.0.0.1',
    'hi',
  ],
  [
    'send-proxy-v2 over IPv6',
    '0d0a0d0a000d0a515549540a212100240000000000000000000000000000000100000000000000000000000000000001c45870f2',
    '::1',
    '',
  ],
];

describe('a PROXY protocol header', () => {
  for (const [option, hex, source, rest] of RECORDED) {
    it(`is parsed as HAProxy sends it: ${option}`, () => {
      const bytes = Buffer.from(hex, 'hex');
      const length = bytes.length - rest.length;
      assert.deepEqual(parseProxyHeader(bytes), { length, source });
      for (let end = 0; end < length; end++) assert.equal(parseProxyHeader(bytes.subarray(0, end)), 'more');
    });
  }

  it('does not replace the peer address without an IP address of the client', () => {
    const signature = '0d0a0d0a000d0a515549540a';
    const unnamed = [`${signature}20000000`, `${signature}21000003040000`, `${signature}213100d8${'00'.repeat(216)}`];
    for (const hex of unnamed) {
      assert.deepEqual(parseProxyHeader(Buffer.from(hex, 'hex')), { length: hex.length / 2, source: undefined });
    }
  });
});
