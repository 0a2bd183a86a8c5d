/** A client's multipart upload in plain requests, for stores that are not real. */
import { type Answer, send } from './http-client.ts';

export const PART_ETAG = '5d41402abc4b2a76b9719d911017c592';
export const CREATED = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
export const COMPLETED = `<CompleteMultipartUploadResult><ETag>"${PART_ETAG}-1"</ETag></CompleteMultipartUploadResult>`;
export const LIST = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${PART_ETAG}</ETag></Part></CompleteMultipartUpload>`;

/** @returns the target of an upload of the object `k` in the bucket `uploads`. */
export async function beginUpload(gatewayUrl: string, headers: Record<string, string> = {}): Promise<string> {
  const created = await send(gatewayUrl, 'POST', '/uploads/k?uploads', '', headers);
  return `/uploads/k?uploadId=${/<UploadId>([^<]+)</.exec(created.body)?.[1]}`;
}

export function complete(
  gatewayUrl: string,
  target: string,
  document = LIST,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(gatewayUrl, 'POST', target, document, headers);
}
