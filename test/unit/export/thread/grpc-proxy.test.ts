import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { proxyFor } from '../../../../src/export/thread/grpc-proxy.ts';

const PROXY = { host: 'proxy', port: 3128, credentials: undefined };
const http_proxy = 'http://proxy:3128';

describe('the proxy of a gRPC connection', () => {
  it('is that of the first variable', () => {
    const others = { https_proxy: 'http://b', http_proxy: 'http://c' };
    assert.deepEqual(proxyFor('collector', { grpc_proxy: http_proxy, ...others }), PROXY);
    assert.equal(proxyFor('collector', others)?.host, 'b');
    assert.equal(proxyFor('collector', { ...others, https_proxy: '' })?.host, 'c');
    assert.equal(proxyFor('collector', {}), undefined);
  });

  it('has a port, an address and credentials', () => {
    const proxy = (http_proxy: string) => proxyFor('collector', { http_proxy });
    assert.deepEqual(proxy('http://proxy'), { ...PROXY, port: 80 });
    assert.equal(proxy('http://[::1]:8080')?.host, '::1');
    assert.equal(proxy('http://user:p%40ss@proxy')?.credentials, 'user:p@ss');
    assert.equal(proxy('http://user@proxy')?.credentials, 'user');
    assert.equal(proxy('http://user:%zz@proxy')?.credentials, 'user:%zz');
  });

  it('is none if the URL is not one of HTTP', () => {
    for (const http_proxy of ['proxy:3128', 'https://proxy', 'socks5://proxy', '//'])
      assert.equal(proxyFor('collector', { http_proxy }), undefined);
  });

  it('is none for exempt hosts', () => {
    for (const [host, no_proxy, exempt] of [
      ['collector.example', 'other,collector.example', true],
      ['collector.example', '.example', true],
      ['collector.example', 'collector', false],
      ['10.1.2.3', '10.0.0.0/8', true],
      ['11.1.2.3', '10.0.0.0/8', false],
      ['10.1.2.3', '10.1.2.3', true],
      ['10.1.2.3', '10.0.0.0/33', false],
      ['10.1.2.3', 'x/8', false],
      ['::2', '10.0.0.0/8', false],
    ] as const) {
      assert.equal(proxyFor(host, { http_proxy, no_proxy }) === undefined, exempt, `${host} ${no_proxy}`);
    }
    assert.equal(proxyFor('a', { http_proxy, no_grpc_proxy: 'b', no_proxy: 'a' })?.host, 'proxy');
  });
});
