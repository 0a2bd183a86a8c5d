import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CollectorTls } from '../../../src/export/collector-tls.ts';
import { CLIENT_CERTIFICATE, CLIENT_KEY, SERVER_CERTIFICATE, SERVER_KEY } from '../../support/test-authority.ts';

describe('certificate and key towards a collector', () => {
  let folder: string;
  let certFile: string;
  let keyFile: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-tls-'));
    certFile = join(folder, 'cert.pem');
    keyFile = join(folder, 'key.pem');
  });
  after(() => rm(folder, { recursive: true }));

  it('stay the old pair until the new one is whole', async () => {
    await writeFile(certFile, CLIENT_CERTIFICATE);
    await writeFile(keyFile, CLIENT_KEY);
    let time = 0;
    const tls = new CollectorTls({ certFile, keyFile }, () => time);
    const old = { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY };
    const before = tls.version;
    for (const [file, text, material] of [
      [certFile, SERVER_CERTIFICATE, old],
      [keyFile, `${CLIENT_KEY.slice(0, 60)}\n`, old],
      [keyFile, SERVER_KEY, { cert: SERVER_CERTIFICATE, key: SERVER_KEY }],
    ] as const) {
      await writeFile(file, text);
      time += 1_001;
      assert.deepEqual(tls.material(), material);
    }
    assert.ok(tls.version > before);
  });

  it('are not accepted at the start if they do not match', async () => {
    await writeFile(certFile, CLIENT_CERTIFICATE);
    await writeFile(keyFile, SERVER_KEY);
    assert.throws(() => new CollectorTls({ certFile, keyFile }), /cert\.pem, .*key\.pem: .*mismatch/);
  });
});
