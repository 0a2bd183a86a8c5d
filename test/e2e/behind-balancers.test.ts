import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../support/test-authority.ts';

const HEAD = 'PUT /uploads/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n';
const PUT = `${HEAD}\r\nhello`;
const V1 = 'PROXY TCP4 203.0.113.9 192.0.2.1 51000 443\r\n';
/** With a NOOP after the addresses. */
const V2 = Buffer.from(
  '0d0a0d0a000d0a515549540a2111000f' + 'cb007109' + 'c0000201' + 'c738' + '01bb' + '040000',
  'hex',
);
const V2_SIX = Buffer.concat([
  Buffer.from('0d0a0d0a000d0a515549540a21210024', 'hex'),
  Buffer.from(`20010db8${'0'.repeat(22)}09${'20010db8'}${'0'.repeat(22)}01`, 'hex'),
  Buffer.from('c73801bb', 'hex'),
]);
const V2_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

async function untilLogged({ log }: TestGateway): Promise<void> {
  while (log.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('behind balancers', () => {
  let store: RawStore;
  const opened: { close(): Promise<void> }[] = [];
  before(async () => {
    store = await RawStore.start();
  });
  after(async () => {
    for (const each of opened) await each.close();
    await store.close();
  });
  async function start(server: Record<string, unknown>, more: object = {}): Promise<TestGateway> {
    const gateway = await startGateway({ storeUrl: store.url, server, ...more });
    opened.push(gateway);
    return gateway;
  }
  /** Sends these pieces one by one, and gives the answer and what was logged of it. */
  async function exchange(gateway: TestGateway, pieces: readonly (string | Buffer)[]) {
    gateway.log.length = 0;
    const client = await RawClient.connect(gateway.url);
    client.socket.setNoDelay(true);
    for (const piece of pieces) {
      client.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { answer: await client.closed(), line: gateway.log[0] };
  }
  const refusals = async ({ app }: TestGateway): Promise<string[]> => {
    const { body } = await send(`http://127.0.0.1:${app.metricsPort}`, 'GET', '/metrics');
    return body.match(/^mizuchi_refused_connections_total.*$/gm) ?? [];
  };
  const fromLoopback = { proxy_protocol: { trusted: ['127.0.0.0/8'] } };

  const headers: [what: string, header: string | Buffer, address: string][] = [
    ['version 1', V1, '203.0.113.9'],
    ['version 1 over IPv6', 'PROXY TCP6 2001:DB8::9 2001:db8::1 51000 443\r\n', '2001:db8::9'],
    ['version 1 that does not know', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', '127.0.0.1'],
    ['version 2 with a TLV', V2, '203.0.113.9'],
    ['version 2 over IPv6', V2_SIX, '2001:db8::9'],
    ['version 2, the proxy itself', V2_LOCAL, '127.0.0.1'],
  ];
  for (const [what, header, address] of headers) {
    it(`knows the client by the PROXY protocol: ${what}, split at any byte`, async () => {
      const gateway = await start(fromLoopback);
      const bytes = Buffer.from(header);
      const whole = Buffer.concat([bytes, Buffer.from(PUT)]);
      const cuts = Array.from({ length: bytes.length + 3 }, (_, at) => [whole.subarray(0, at), whole.subarray(at)]);
      const single = Array.from(whole, (byte) => Buffer.from([byte]));
      for (const pieces of [[whole], single, ...cuts]) {
        const { answer, line } = await exchange(
          gateway,
          pieces.filter((piece) => piece.length > 0),
        );
        assert.match(answer, /^HTTP\/1\.1 200 /);
        assert.equal(line?.client_address, address);
      }
      assert.equal(store.requests.at(-1)?.body.toString(), 'hello');
    });
  }

  const malformed: [what: string, bytes: string | Buffer][] = [
    ['HTTP without a header', PUT],
    ['a line without end', `PROXY TCP4 ${'1'.repeat(200)}`],
    ['an address that is none', 'PROXY TCP4 1.2.3 192.0.2.1 1 2\r\n'],
    ['an address of the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
    ['a port beyond ports', 'PROXY TCP4 192.0.2.1 192.0.2.1 65536 2\r\n'],
    ['two spaces', 'PROXY  TCP4 192.0.2.1 192.0.2.1 1 2\r\n'],
    ['version 3', Buffer.from('0d0a0d0a000d0a515549540a31110000', 'hex')],
    ['an unknown command', Buffer.from('0d0a0d0a000d0a515549540a22110000', 'hex')],
    ['addresses that are cut off', Buffer.from('0d0a0d0a000d0a515549540a21110008cb007109c0000201', 'hex')],
    ['64 KiB of TLVs', Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex')],
    ['a TLS hello', Buffer.from('160301020001000100', 'hex')],
  ];
  it('closes connections of trusted peers without a header that it understands, and counts them', async () => {
    const gateway = await start(fromLoopback);
    const stored = store.requests.length;
    for (const [what, bytes] of malformed) {
      const { answer, line } = await exchange(gateway, [bytes]);
      assert.equal(answer, '', what);
      assert.equal(line?.problem, 'proxy_header_malformed', what);
      assert.equal(gateway.log.length, 1);
    }
    assert.equal(store.requests.length, stored);
    assert.deepEqual(await refusals(gateway), [
      `mizuchi_refused_connections_total{reason="proxy_header_malformed"} ${malformed.length}`,
    ]);
  });

  it('closes a trusted peer that does not name its client in time; others are served meanwhile', async () => {
    const gateway = await start(fromLoopback);
    const silent = await RawClient.connect(gateway.url);
    silent.write(V1.slice(0, 10));
    const { line } = await exchange(gateway, [V1, PUT]);
    assert.equal(line?.client_address, '203.0.113.9');
    assert.equal(await silent.closed(), '');
    assert.equal(gateway.log.at(-1)?.problem, 'proxy_header_timeout');
  });

  it('does not log TCP probes of load balancers', async () => {
    const gateway = await start(fromLoopback);
    gateway.log.length = 0;
    const probe = connectTcp(gateway.app.port, '127.0.0.1');
    await once(probe, 'connect');
    probe.end();
    await once(probe.resume(), 'close');
    await exchange(gateway, [V1, PUT]);
    assert.deepEqual(await refusals(gateway), []);
  });

  it('takes a header of a peer that is not trusted for the bad HTTP that it is', async () => {
    const gateway = await start({ proxy_protocol: { trusted: ['10.0.0.0/8'] } });
    for (const header of [V1, V2]) {
      const { answer, line } = await exchange(gateway, [header, PUT]);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.equal(line?.client_address, '127.0.0.1');
    }
    const direct = await exchange(gateway, [PUT]);
    assert.match(direct.answer, /^HTTP\/1\.1 200 /);
  });

  it('closes at once although a peer has not named its client', async () => {
    const gateway = await start(fromLoopback);
    const silent = await RawClient.connect(gateway.url);
    await exchange(gateway, [V1, PUT]); // so the gateway knows the other one, too
    await gateway.close();
    assert.equal(await silent.closed(), '');
  });

  it('reads the header before TLS, and the trace tells client and peer apart', async (test) => {
    const directory = mkdtempSync(join(tmpdir(), 'mizuchi-balancer-'));
    test.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'cert.pem'), SERVER_CERTIFICATE);
    writeFileSync(join(directory, 'key.pem'), SERVER_KEY);
    const collector: OtlpReceiver = await receiveHttp();
    opened.push(collector);
    const tls = { cert_file: 'cert.pem', key_file: 'key.pem' };
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
    const tracing = { enabled: true, otlp, batch: { scheduled_delay_millis: 20 } };
    const gateway = await start({ ...fromLoopback, tls }, { directory, tracing });
    for (const header of [V1, V2]) {
      const raw = connectTcp(gateway.app.port, '127.0.0.1');
      await once(raw, 'connect');
      raw.write(header);
      const socket = connectTls({ socket: raw, ca: AUTHORITY, host: '127.0.0.1' });
      socket.write(PUT);
      const [bytes] = await once(socket, 'data');
      assert.match(String(bytes), /^HTTP\/1\.1 200 /);
      socket.destroy();
    }
    const servers = () => collector.spans().filter(({ kind }) => kind === 2);
    await collector.until(() => servers().length === 2);
    for (const { attributes } of servers()) {
      assert.deepEqual(attributes['client.address'], { string: '203.0.113.9' });
      assert.deepEqual(attributes['network.peer.address'], { string: '127.0.0.1' });
      assert.deepEqual(attributes['url.scheme'], { string: 'https' });
    }
  });

  it('logs the peer of a refused certificate: the client that the balancer named', async (test) => {
    const directory = mkdtempSync(join(tmpdir(), 'mizuchi-proxy-'));
    test.after(() => rmSync(directory, { recursive: true }));
    for (const [name, text] of Object.entries({ cert: SERVER_CERTIFICATE, key: SERVER_KEY, ca: AUTHORITY }))
      writeFileSync(join(directory, `${name}.pem`), text);
    const tls = { cert_file: 'cert.pem', key_file: 'key.pem', client_ca_file: 'ca.pem' };
    const gateway = await start({ ...fromLoopback, tls }, { directory });
    for (const [certificate, header, address] of [
      [{}, V1, '203.0.113.9'],
      [{ cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY }, V2, '203.0.113.9'],
      [{ cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY }, V2_LOCAL, '127.0.0.1'],
    ] as const) {
      gateway.log.length = 0;
      const raw = connectTcp(gateway.app.port, '127.0.0.1');
      await once(raw, 'connect');
      raw.write(header);
      const socket = connectTls({ socket: raw, ca: AUTHORITY, host: '127.0.0.1', ...certificate });
      socket.on('error', () => {}).write(PUT);
      await new Promise((resolve) => socket.once('close', resolve));
      await untilLogged(gateway);
      const { problem, peer_address } = gateway.log[0]!;
      assert.deepEqual([problem, peer_address], ['client_certificate', address]);
    }
  });

  const proxies = { trusted_proxies: ['127.0.0.1', '10.0.0.0/8'] };
  const claims: [what: string, server: object, headers: string[], address: string][] = [
    ['the client of a trusted proxy', proxies, ['X-Forwarded-For: 203.0.113.9'], '203.0.113.9'],
    [
      'the first from the right that is not trusted',
      proxies,
      ['X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3'],
      '203.0.113.9',
    ],
    ['over several lines', proxies, ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 203.0.113.9'], '203.0.113.9'],
    ['the last known where one hides', proxies, ['X-Forwarded-For: 6.6.6.6, unknown, 10.1.2.3'], '10.1.2.3'],
    ['the proxy where there is nothing', proxies, [], '127.0.0.1'],
    ['empty list elements', proxies, ['X-Forwarded-For: 6.6.6.6,, 203.0.113.9, ,10.1.2.3,'], '203.0.113.9'],
    ['nothing but empty list elements', proxies, ['X-Forwarded-For: ,, ,'], '127.0.0.1'],
    [
      'empty list elements of Forwarded',
      { ...proxies, forwarded_header: 'forwarded' },
      ['Forwarded: for=6.6.6.6, ,for=203.0.113.9,,for=10.0.0.1,', 'Forwarded: ,'],
      '203.0.113.9',
    ],
    ['10 KB of it', proxies, [`X-Forwarded-For: ${'6.6.6.6, '.repeat(1100)}203.0.113.9`], '203.0.113.9'],
    ['10 KB of nonsense', proxies, [`X-Forwarded-For: ${'"[;='.repeat(2500)}, 203.0.113.9`], '203.0.113.9'],
    ['the header that was not chosen', proxies, ['Forwarded: for=6.6.6.6'], '127.0.0.1'],
    ['a peer that is not trusted', { trusted_proxies: ['10.0.0.0/8'] }, ['X-Forwarded-For: 10.6.6.6'], '127.0.0.1'],
    ['no trust at all', {}, ['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6'], '127.0.0.1'],
    [
      'Forwarded, with a quote left open by the client',
      { ...proxies, forwarded_header: 'forwarded' },
      [
        'X-Forwarded-For: 6.6.6.6',
        'Forwarded: for="6.6.6.6',
        'Forwarded: for="[2001:db8::9]:4711";proto=https, for=10.0.0.1',
      ],
      '2001:db8::9',
    ],
    [
      'both, one behind the other',
      { proxy_protocol: { trusted: ['127.0.0.1'] }, trusted_proxies: ['203.0.113.0/24'] },
      ['X-Forwarded-For: 198.51.100.7'],
      '198.51.100.7',
    ],
  ];
  for (const [what, server, lines, address] of claims) {
    it(`names the client behind proxies: ${what}`, async () => {
      const gateway = await start({ ...server });
      const head = [...lines, ''].join('\r\n');
      const { answer, line } = await exchange(gateway, [
        ...('proxy_protocol' in server ? [V1] : []),
        `${HEAD}${head}\r\nhello`,
      ]);
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.equal(line?.client_address, address);
    });
  }
});
