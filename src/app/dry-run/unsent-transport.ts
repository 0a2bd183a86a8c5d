/** A store that is never reached: requests to it pass all stages, are signed, and end here with success. */
import type { BucketConfig } from '../../config/bucket.ts';
import type { StoreTransport } from '../../s3/store-transport.ts';

/** MD5 of an empty object: what a store returns for it. */
const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"';

export const UNSENT: StoreTransport = {
  async send({ body, sent }) {
    if (body !== undefined) sent(0);
    return { status: 200, headers: { etag: ETAG }, body: '' };
  },
  async close() {},
};

/** The bucket without what only a real store needs: its credentials and its certificate authorities. */
export function withoutStore(bucket: BucketConfig): BucketConfig {
  const { ca_file, session_token, ...s3 } = bucket.s3;
  return { ...bucket, s3: { ...s3, access_key: 'unsent', secret_key: 'unsent' } };
}
