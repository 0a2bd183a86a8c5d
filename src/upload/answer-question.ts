/** The answers to what stock clients ask about a bucket before they upload: from the configuration, without the store. */
import { Failure } from '../domain/failure.ts';
import type { Asking, Bucket, Reply } from '../domain/stages.ts';
import { escapeXml } from '../kit/xml.ts';

/** A bucket as its clients ask about it. */
export interface KnownBucket extends Bucket {
  /** What clients sign for. */
  readonly region: string;
}

/** @throws Failure bucket_exists for CreateBucket: its owner is told so, and goes on. */
export function answerQuestion({ operation, bucket }: Asking<KnownBucket>): Reply {
  if (operation === 'CreateBucket') throw new Failure('bucket_exists');
  const headers = { 'x-amz-bucket-region': bucket.region };
  if (operation === 'HeadBucket') return { status: 200, headers, body: '' };
  const body = operation === 'GetBucketLocation' ? locationOf(bucket.region) : noUploadsOf(bucket.name);
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body };
}

/** Amazon S3 API Reference, "GetBucketLocation": us-east-1 is said by saying nothing. */
function locationOf(region: string): string {
  const text = region === 'us-east-1' ? '' : escapeXml(region);
  return documentOf('LocationConstraint', text);
}

/** Amazon S3 API Reference, "ListMultipartUploads". It tells nobody what others upload, and the caller nothing new. */
function noUploadsOf(bucket: string): string {
  const limits = '<KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker><MaxUploads>1000</MaxUploads>';
  return documentOf(
    'ListMultipartUploadsResult',
    `<Bucket>${escapeXml(bucket)}</Bucket>${limits}<IsTruncated>false</IsTruncated>`,
  );
}

function documentOf(name: string, content: string): string {
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${xmlns}">${content}</${name}>`;
}
