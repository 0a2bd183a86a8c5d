/**
 * The query as spans may hold it: a presigned URL is a credential, and so is the id of an upload in a bucket that asks nobody
 * who they are. So values pass by allow-list. The upload is known by `aws.s3.upload_id`, the store's id, which opens nothing here.
 */

/** Values that say what is asked for and open nothing. Compared in lower case: clients vary it. */
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
/** A parameter's name can be a secret as well, so only names that look like S3's are shown. */
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
