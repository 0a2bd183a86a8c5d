/**
 * The table of docs/bodies.md, "Promises that the store verifies", with the trial of `doctor`: each promise is wrong, in a part and
 * in an object. A wrong promise that the gateway leaves to the store is the client's mistake.
 */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { type TrialResult, type TriedStore, tryPromise } from '../../../src/app/doctor/try-promise.ts';
import { type WrongPromise, wrongPromise } from '../../../src/app/doctor/wrong-promise.ts';
import { PROMISE_NAMES, type PromiseName } from '../../../src/domain/promise-names.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { StoreClient } from '../../../src/s3/store-client.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { STORE_BUCKET } from '../support/gateway-in-front.ts';
import { ACCESS_KEY, SECRET_KEY } from '../support/real-stores.ts';

/** More than a store holds in memory before it writes. */
const BODY = randomBytes(1_500_000);

const IGNORED: Readonly<Record<string, readonly PromiseName[]>> = {
  MinIO: ['sha512', 'md5', 'xxhash3', 'xxhash64', 'xxhash128'],
  versitygw: [],
};

describeWithEachStore('a wrong promise', (scene, storeName) => {
  const key = 'wrong-promise';

  async function withStore<T>(use: (tried: TriedStore) => Promise<T>): Promise<T> {
    const store = await openClient(scene().store.url);
    return use({ store, headerRules: undefined, key }).finally(() => store.close());
  }

  for (const promise of PROMISE_NAMES) {
    const isIgnored = IGNORED[storeName]!.includes(promise);
    it(`of ${promise} is ${isIgnored ? 'ignored' : 'refused'}`, async () => {
      const { part, object } = await withStore((tried) => tryPromise(tried, promise, true));
      if (isIgnored) assert.deepEqual([part.verdict, object], ['ignored', undefined]);
      else for (const result of [part, object!]) assertOfClient(result, promise);
      assert.deepEqual(await scene().stored.keys(), []);
      assert.deepEqual(await scene().stored.openUploads(key), []);
    });

    if (isIgnored) continue;
    it(`of ${promise} is refused next to another promise that is right`, async () => {
      const sent = withRight(wrongPromise(promise));
      const call = { operation: 'PutObject', key, caller: 'test', query: [], body: BODY, ...sent } as const;
      const more = { signal: AbortSignal.timeout(10_000), span: NO_SPAN, verifiedHere: false };
      const result = withStore(({ store }) => store.call({ ...call, ...more }));
      await assert.rejects(result, { type: 'checksum_mismatch', status: 400 });
      assert.deepEqual(await scene().stored.keys(), []);
    });
  }
});

/** Content-MD5, or where it is the wrong one, the hash of the payload. */
function withRight({ headers, payloadHash }: WrongPromise): WrongPromise {
  if (headers['content-md5'] !== undefined) return { headers, payloadHash: hash('sha256', BODY) };
  return { headers: { ...headers, 'content-md5': hash('md5', BODY, 'base64') }, payloadHash };
}

function assertOfClient({ verdict, failure }: TrialResult, promise: PromiseName): void {
  const code = promise === 'x-amz-content-sha256' ? 'XAmzContentSHA256Mismatch' : 'BadDigest';
  const { type, status, outcome } = failure!;
  assert.deepEqual(
    { verdict, type, status, code: failure!.code, outcome },
    { verdict: 'verified', type: 'checksum_mismatch', status: 400, code, outcome: 'not_stored' },
  );
}

function openClient(endpoint: string): Promise<StoreClient> {
  return StoreClient.open({
    bucket: STORE_BUCKET,
    region: 'us-east-1',
    endpoint,
    path_style: true,
    access_key: ACCESS_KEY,
    secret_key: SECRET_KEY,
    propagate: false,
    max_connections: 2,
    connect_timeout_seconds: 5,
    stall_timeout_seconds: 5,
    answer_timeout_seconds: 5,
  });
}
