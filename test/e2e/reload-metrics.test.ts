/** Expiry of certificates, and reloads of files: each gauge before and after a change. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';
import { startGateway } from '../support/start-gateway.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../support/test-authority.ts';

const expiry = (pem: string): number => new X509Certificate(pem).validToDate.getTime() / 1000;

it('the metrics show when certificates expire and whether files were read again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mizuchi-reload-'));
  const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
  const keys = (name: string): string => `credentials: [{ access_key: ${name}, secret_key: a-secret-of-the-tests }]\n`;
  await write('cert.pem', SERVER_CERTIFICATE + AUTHORITY);
  await write('key.pem', SERVER_KEY);
  await write('ca.pem', AUTHORITY);
  await write('keys.yaml', keys('ONE'));
  const store = await RawStore.start();
  const gateway = await startGateway({
    storeUrl: store.url,
    directory,
    server: { tls: { cert_file: 'cert.pem', key_file: 'key.pem', client_ca_file: 'ca.pem' } },
    auth: { sigv4: { credentials_file: 'keys.yaml' } },
  });
  t.after(async () => {
    await gateway.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  const figures = () => readMetrics(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`);
  const notAfter = 'mizuchi_tls_certificate_not_after_timestamp_seconds';
  const succeeded = 'mizuchi_last_reload_successful';
  const at = 'mizuchi_last_reload_success_timestamp_seconds';
  const accessKeys = 'content="access_keys"';
  const certificates = 'content="certificates"';

  let figure = await figures();
  assert.equal(figure(notAfter, 'use="server"'), Math.min(expiry(SERVER_CERTIFICATE), expiry(AUTHORITY)));
  assert.equal(figure(notAfter, 'use="client_ca"'), expiry(AUTHORITY));
  assert.deepEqual([figure(succeeded, accessKeys), figure(succeeded, certificates)], [1, 1]);
  const first = [figure(at, accessKeys), figure(at, certificates)];
  for (const time of first) assert.ok(Math.abs(time - Date.now() / 1000) < 60);

  await write('keys.yaml', 'credentials: [{ access_key: TWO }]\n');
  await write('cert.pem', SELF_SIGNED_CERTIFICATE);
  await gateway.app.reload();
  figure = await figures();
  assert.deepEqual([figure(succeeded, accessKeys), figure(succeeded, certificates)], [0, 0]);
  assert.deepEqual([figure(at, accessKeys), figure(at, certificates)], first);
  assert.equal(figure(notAfter, 'use="server"'), Math.min(expiry(SERVER_CERTIFICATE), expiry(AUTHORITY)));

  await write('keys.yaml', keys('TWO'));
  await write('key.pem', SELF_SIGNED_KEY);
  await gateway.app.reload();
  figure = await figures();
  assert.deepEqual([figure(succeeded, accessKeys), figure(succeeded, certificates)], [1, 1]);
  assert.ok(figure(at, accessKeys) > first[0]! && figure(at, certificates) > first[1]!);
  assert.equal(figure(notAfter, 'use="server"'), expiry(SELF_SIGNED_CERTIFICATE));
});
