/** Upload of @aws-sdk/lib-storage: in parts above 5 MiB, signed in the page with a token as session token. */
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { pattern } from '../pattern.ts';

export async function uploadByLibStorage({ endpoint, bucket, key, keys, size, onProgress = () => {} }) {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keys, logger });
  const params = { Bucket: bucket, Key: key, Body: new Blob([pattern(size)]), ContentType: 'image/png' };
  const upload = new Upload({ client, params });
  upload.on('httpUploadProgress', () => onProgress(upload));
  try {
    const { ETag } = await upload.done();
    return { refusal: undefined, etag: ETag };
  } catch (error) {
    if (error.$metadata === undefined) throw error;
    const { httpStatusCode: status, requestId } = error.$metadata;
    return { refusal: { status, code: error.name, requestId } };
  }
}
