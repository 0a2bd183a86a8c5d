/** What `check` and `doctor` find on this machine, before `serve` would. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { examineHost } from '../../../src/app/doctor/examine-host.ts';
import { examineResources } from '../../../src/app/doctor/resources.ts';
import { hostText } from '../../../src/cli/host-text.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import {
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  SELF_SIGNED_CERTIFICATE,
  SELF_SIGNED_KEY,
} from '../../support/self-signed.ts';
import { startGateway } from '../../support/start-gateway.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../../support/test-authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'mizuchi-test-'));
after(() => rmSync(folder, { recursive: true }));

const FILES = {
  'self.crt': SELF_SIGNED_CERTIFICATE,
  'self.key': SELF_SIGNED_KEY,
  'old.crt': EXPIRED_CERTIFICATE,
  'old.key': EXPIRED_KEY,
  'chain.crt': SERVER_CERTIFICATE + AUTHORITY,
  'wrong-order.crt': SERVER_CERTIFICATE + SELF_SIGNED_CERTIFICATE,
  'server.key': SERVER_KEY,
  'no.crt': 'hush\n',
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

const configOf = (server: object, s3: object = {}, more: object = {}) =>
  parseConfig(
    JSON.stringify({
      server: { address: '127.0.0.1:0', ...server },
      buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', access_key: 'a', secret_key: 'b', ...s3 } }],
      metrics: { enabled: false },
      ...more,
    }),
    join(folder, 'c.yaml'),
    {},
  );

async function examined(config: Config) {
  const host = await examineHost(config, folder);
  return { text: hostText(host), isUsable: host.files.every(({ works }) => works) };
}

describe('the certificates', () => {
  const TABLE: readonly [what: string, server: object, isUsable: boolean, line: RegExp][] = [
    [
      'a certificate and its key',
      { tls: { cert_file: 'self.crt', key_file: 'self.key' } },
      true,
      /✓ server\.tls: valid until 2126-10-30 \(\d+ days\)/,
    ],
    [
      'a certificate with its issuer',
      { tls: { cert_file: 'chain.crt', key_file: 'server.key' } },
      true,
      /✓ server\.tls: valid until/,
    ],
    [
      'the name that it is for',
      { domain: ['localhost'], tls: { cert_file: 'self.crt', key_file: 'self.key' } },
      false,
      /✗ server\.tls: not valid for \*\.localhost; request a certificate/,
    ],
    [
      'another name',
      { domain: ['other.example'], tls: { cert_file: 'self.crt', key_file: 'self.key' } },
      false,
      /✗ server\.tls: not valid for other\.example; /,
    ],
    [
      'an expired one',
      { tls: { cert_file: 'old.crt', key_file: 'old.key' } },
      false,
      /✗ server\.tls: expired on 2020-02-01; renew/,
    ],
    [
      'the key of another',
      { tls: { cert_file: 'self.crt', key_file: 'server.key' } },
      false,
      /✗ server\.tls: .*key values mismatch/,
    ],
    [
      'a chain in the wrong order',
      { tls: { cert_file: 'wrong-order.crt', key_file: 'server.key' } },
      false,
      /✗ server\.tls: certificate 2 of cert_file did not issue certificate 1; write/,
    ],
    ['a missing file', { tls: { cert_file: 'none.crt', key_file: 'self.key' } }, false, /✗ server\.tls: ENOENT/],
    ['a file without a certificate', { tls: { cert_file: 'no.crt', key_file: 'self.key' } }, false, /✗ server\.tls: /],
  ];
  for (const [what, server, isUsable, line] of TABLE) {
    it(`are judged as clients judge them: ${what}`, async () => {
      const found = await examined(configOf(server));
      assert.match(found.text, line);
      assert.equal(found.isUsable, isUsable);
      assert.doesNotMatch(found.text, /hush|PRIVATE/);
    });
  }

  it('of the authorities for a store are read', async () => {
    const endpoint = 'https://127.0.0.1:9';
    writeFileSync(join(folder, 'ca.crt'), AUTHORITY);
    const good = await examined(configOf({}, { endpoint, ca_file: 'ca.crt' }));
    assert.match(good.text, /✓ bucket uploads, s3\.ca_file: valid until/);
    for (const ca_file of ['no.crt', 'none.crt']) {
      const bad = await examined(configOf({}, { endpoint, ca_file }));
      assert.match(bad.text, /✗ bucket uploads, s3\.ca_file: /);
      assert.equal(bad.isUsable, false);
    }
  });
});

describe('the ports', () => {
  it('are free, in use by another process, or in use by a gateway', async (t) => {
    const other = createServer((_, response) => void response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const gateway = await startGateway({ storeUrl: 'http://127.0.0.1:9' });
    t.after(async () => {
      await gateway.close();
      other.close();
    });
    const at = (port: number) => examined(configOf({ address: `127.0.0.1:${port}` }));
    assert.match((await at(0)).text, /✓ upload port 127\.0\.0\.1:0: free/);
    const used = await at((other.address() as AddressInfo).port);
    assert.match(
      used.text,
      /! upload port \S+: in use by another process; stop that process, or change server\.address/,
    );
    assert.equal(used.isUsable, true);
    assert.match((await at(gateway.app.port)).text, /✓ upload port \S+: in use by a gateway that runs/);
    const foreign = await examined(configOf({ address: '192.0.2.1:8080' }));
    assert.match(foreign.text, /! upload port \S+: cannot be opened \(EADDRNOTAVAIL\); use an address of this machine/);
  });
});

describe('the limits', () => {
  it('are compared with what all connections and uploads need', () => {
    const config = configOf(
      { max_connections: 1000 },
      { max_connections: 50 },
      { upload: { memory_limit: '64MiB', concurrent_uploads: 100 } },
    );
    const needed = (of: Config) => examineResources(of).map(({ how }) => /^up to (\d+)/.exec(how)?.[1]);
    const mib = (bytes: number) => String(Math.round(bytes / 2 ** 20));
    const uploads = 64 * 2 ** 20 + 100 * 350 * 1024;
    assert.deepEqual(needed(config), [String(1000 + 50 * 5 + 100), mib(130 * 2 ** 20 + uploads)]);
    const four = { ...config, server: { ...config.server, workers: 4 } };
    assert.deepEqual(needed(four), [
      String(Math.ceil((1000 + 50 * 5) / 4) + 100),
      mib((130 + 4 * 70) * 2 ** 20 + uploads),
    ]);
  });

  it('are too low for a million connections and uploads', () => {
    const greedy = configOf({ max_connections: 1_000_000 }, {}, { upload: { concurrent_uploads: 1_000_000 } });
    const found = examineResources(greedy);
    assert.deepEqual(
      found.map(({ what, works }) => [what, works]),
      [
        ['file descriptors', false],
        ['memory', false],
      ],
    );
    assert.match(found[0]!.how, /^up to 1001380, the limit is \d+$/);
    assert.match(found[1]!.how, /^up to \d+ MiB, the limit is \d+ MiB \((cgroup|machine)\)$/);
  });
});
