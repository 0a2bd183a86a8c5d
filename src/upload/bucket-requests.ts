/** Responses to the bucket requests that stock clients send before they upload: from the configuration, without the store. */
import { asFailure, Failure, withHeader } from '../domain/failure.ts';
import type { Bucket, ForBucket, Reply, Routed } from '../domain/stages.ts';
import { escapeXml } from '../kit/xml.ts';
import { emptyListing, XMLNS } from './empty-listing.ts';

/** A bucket as its clients know it. */
export interface KnownBucket extends Bucket {
  /** The region that clients sign for. */
  readonly region: string;
}

/**
 * @throws Failure bucket_exists for CreateBucket, after which clients continue; invalid_argument for parameters of a listing that
 * S3 does not accept.
 */
export function respondToBucketRequest({ operation, bucket, storeQuery }: ForBucket<KnownBucket>): Reply {
  if (operation === 'CreateBucket') throw new Failure('bucket_exists');
  const headers = { 'x-amz-bucket-region': bucket.region };
  if (operation === 'HeadBucket') return { status: 200, headers, body: '' };
  const content =
    operation === 'GetBucketLocation'
      ? locationOf(bucket.region)
      : emptyListing(operation, bucket.name, new Map(storeQuery));
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${content}`;
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body };
}

/** Amazon S3 API Reference, "GetBucketLocation": us-east-1 is an empty element. */
function locationOf(region: string): string {
  const text = region === 'us-east-1' ? '' : escapeXml(region);
  return `<LocationConstraint xmlns="${XMLNS}">${text}</LocationConstraint>`;
}

/**
 * Authentication whose refusal of a HeadBucket names the region, as S3 does: SDKs look for it without credentials (Amazon S3 API
 * Reference, "HeadBucket").
 */
export function withBucketRegion<R extends Routed<KnownBucket>, T>(
  authenticate: (request: R) => Promise<T>,
): (request: R) => Promise<T> {
  return (request) => {
    const work = authenticate(request);
    if (request.operation !== 'HeadBucket') return work;
    return work.catch((thrown) => {
      throw withHeader(asFailure(thrown), 'x-amz-bucket-region', request.bucket.region);
    });
  };
}
