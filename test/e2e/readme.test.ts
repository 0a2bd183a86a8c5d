/** The configurations that newcomers copy: the README's one uploads as it is, and those of the first pages are valid. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse-config.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { startGateway } from '../support/start-gateway.ts';

const examplesIn = (document: string): string[] => {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example]) => example!);
};
const [CONFIGURATION = ''] = examplesIn('README.md');

describe("the README's configuration", () => {
  it('has five lines, and the keys of the embedded store', () => {
    assert.equal(CONFIGURATION.trimEnd().split('\n').length, 5);
    const [{ s3 }] = parse(CONFIGURATION).buckets;
    assert.deepEqual([s3.access_key, s3.secret_key], [STORE_KEYS.accessKey, STORE_KEYS.secretKey]);
  });

  it('uploads with the AWS SDK', async (t) => {
    const store = await EmbeddedStore.start();
    t.after(() => store.close());
    const { buckets } = parse(CONFIGURATION.replace('http://127.0.0.1:9000', store.url));
    const gateway = await startGateway({ storeUrl: store.url, buckets });
    t.after(() => gateway.close());
    const [{ access_key: accessKeyId, secret_key: secretAccessKey }] = buckets[0].auth.sigv4.credentials;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint: gateway.url, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'a/b.txt', Body: 'hello' }));
    assert.equal(await store.sumOf('a/b.txt'), createHash('sha256').update('hello').digest('hex'));
  });
});

describe('the configurations of docs/get-started.md', () => {
  it('are valid', () => {
    const examples = examplesIn('docs/get-started.md');
    assert.ok(examples.length >= 2);
    const environment = { UPLOAD_ID_SECRET: 'a secret of at least thirty-two bytes' };
    for (const example of examples) assert.equal(parseConfig(example, 'page', environment).buckets.length, 1);
  });
});
