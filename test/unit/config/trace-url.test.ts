import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseConfig } from '../../../src/config/parse-config.ts';

const S3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'a', secret_key: 'b' };

const parse = (trace_url: string) =>
  parseConfig(JSON.stringify({ buckets: [{ name: 'photos', s3: S3 }], admin: { trace_url } }), 'f', {});

it('admin.trace_url has no credentials', () => {
  assert.throws(() => parse('https://user:password@jaeger.example/{trace_id}'), /contains credentials/);
  assert.throws(() => parse('https://user@jaeger.example/{trace_id}'), /contains credentials/);
  assert.equal(parse('https://jaeger.example/@{trace_id}').admin.trace_url, 'https://jaeger.example/@{trace_id}');
});
