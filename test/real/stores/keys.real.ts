import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describeWithEachStore } from '../support/each-store.ts';
import { BUCKET, STORE_BUCKET } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const KEYS = [
  'plain.txt',
  'sp ace+plus%41 ünï&=?#;é',
  "q'()*!,$@:~-_.",
  'a%2Fb',
  'a%252Fb',
  '%',
  'trail/',
  'back\\slash',
  'quote"d <tag> `tick` {brace} [bracket] |pipe^',
  '\u{1F600}/emoji',
  'e\u0301-combining',
  '\u00e9-composed',
  'x'.repeat(255),
  `${'deep/'.repeat(150)}k`,
  `${'long-name-'.repeat(20)}/`.repeat(5).concat('k'.repeat(19)), // 1,024 bytes
];

/** Keys that stores do not agree on, keys that climb out of their bucket, and what no list can hold. */
const REFUSED_HERE = [
  ...['a//b', 'a/../b', './a', 'a/./b', '/lead', 'trail//', '.sgwtmp/x', 'x__XLDIR__', 'x/meta/etag'],
  ...['..', '../up', 'a/../../b', 'tab\t', 'new\nline', 'nul\0', '\ufffe'],
];

/** Words of one store alone, and what clients are told instead. */
const TRANSLATED: Readonly<Record<string, string>> = { DirectoryObjectContainsData: 'InvalidRequest' };

interface Outcome {
  readonly status: number | undefined;
  readonly code: string | undefined;
}

async function put(client: S3Client, Bucket: string, Key: string, Body: string): Promise<Outcome> {
  return client.send(new PutObjectCommand({ Bucket, Key, Body })).then(
    ({ $metadata }) => ({ status: $metadata.httpStatusCode, code: undefined }),
    (error) => ({ status: error.$metadata?.httpStatusCode, code: error.name }),
  );
}

describeWithEachStore('keys, as the store itself takes them', (scene) => {
  for (const key of KEYS) {
    it(`${JSON.stringify(key.slice(0, 60))}, ${Buffer.byteLength(key)} bytes`, async (test) => {
      const { direct, through, stored } = scene();
      const directly = await put(direct, STORE_BUCKET, key, 'directly');
      const keys = await stored.keys();
      if (directly.status === 200) await stored.remove(key);
      const { status, code = '' } = directly;
      assert.deepEqual(await put(through, BUCKET, key, 'through'), { status, code: TRANSLATED[code] ?? directly.code });
      // Under no other key than the one that the store itself chose.
      assert.deepEqual(await stored.keys(), keys);
      if (directly.status !== 200) return test.diagnostic(`the store says ${directly.status} ${directly.code}`);
      assert.equal(await stored.sha256(key), sha256(Buffer.from('through')));
      await stored.remove(key);
    });
  }

  for (const key of REFUSED_HERE) {
    it(`refuses ${JSON.stringify(key)} whatever the store returns`, async () => {
      assert.deepEqual(await put(scene().through, BUCKET, key, 'x'), { status: 400, code: 'InvalidURI' });
      assert.deepEqual(await scene().stored.keys(), []);
    });
  }

  it('refuses a key that is too long', async () => {
    const outcome = await put(scene().through, BUCKET, 'k'.repeat(1025), 'x');
    assert.deepEqual(outcome, { status: 400, code: 'KeyTooLongError' });
  });
});
