/**
 * Redacts the query for spans: a presigned URL is a credential, and so is an upload ID in an anonymous bucket. Values pass by
 * allow-list. Spans have the upload ID of the store instead (`aws.s3.upload_id`), which gives no access to the gateway.
 */

/** Parameters with values that are not secret. Compared in lower case, because clients vary in case. */
const SHOWN = new Set([
  'encoding-type',
  'list-type',
  'max-keys',
  'max-parts',
  'part-number-marker',
  'partnumber',
  'uploads',
  'x-amz-algorithm',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-signedheaders',
  'x-id',
]);
/** A parameter name can also be secret, so only names in the style of S3 are shown. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9-]{0,39}$/;

export function redactQuery(rawQuery: string): string {
  return rawQuery.split('&').map(redactPair).join('&');
}

function redactPair(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals < 0 ? pair : pair.slice(0, equals);
  if (SHOWN.has(name.toLowerCase())) return pair;
  if (!PLAIN_NAME.test(name)) return 'REDACTED';
  return equals < 0 ? name : `${name}=REDACTED`;
}
