import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { CONFIG } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const FILE = fileURLToPath(new URL('../../../config.example.yaml', import.meta.url));

describe('config.example.yaml', () => {
  it('is valid as it is, without environment variables', async () => {
    const config = await loadConfig(FILE, {});
    assert.deepEqual(config.server.address, { host: '0.0.0.0', port: 8080 });
    assert.equal(config.buckets[0]!.s3.endpoint, 'http://127.0.0.1:9000');
    assert.equal(config.tracing.enabled, true);
    assert.deepEqual(config.tracing.otlp.headers, {});
  });

  it('shows every section', () => {
    assert.deepEqual(Object.keys(parse(readFileSync(FILE, 'utf8'))), Object.keys(CONFIG.fields));
  });

  it('has valid examples of auth and authz', () => {
    const text = readFileSync(FILE, 'utf8').replace(/^ {4}# ( *[a-z0-9_]+:)/gm, '    $1');
    const [bucket] = parseConfig(text, FILE, { DEVICE7_SECRET: 'a-secret-of-16-or-more' }).buckets;
    assert.equal(bucket?.auth.enabled, true);
    assert.equal(bucket.auth.jwt?.session_token?.access_key, 'jwt');
    assert.equal(bucket.auth.sigv4?.credentials?.[0]?.subject, 'device-7');
    assert.equal(bucket.authz.opa?.policy_path, 'mizuchi/allow');
  });

  it('reads deployment-specific values from the environment', async () => {
    const env = {
      S3_ENDPOINT: 'https://minio:9000',
      OTLP_API_KEY: 'k',
      METRICS_PORT: '0',
      HOSTNAME: 'h',
      TRACING: 'false',
    };
    const { buckets, tracing, admin } = await loadConfig(FILE, env);
    assert.equal(buckets[0]!.s3.endpoint, 'https://minio:9000');
    assert.deepEqual([tracing.enabled, tracing.otlp.headers], [false, { 'x-api-key': 'k' }]);
    assert.equal(tracing.resource['host.name'], 'h');
    assert.equal(admin.port, 0);
  });
});
