/** The two IDs of every S3 response: `x-amz-request-id` and `x-amz-id-2`. */
import { randomBytes } from 'node:crypto';

export interface RequestIds {
  readonly requestId: string;
  readonly hostId: string;
}

export function newRequestIds(): RequestIds {
  return { requestId: randomBytes(8).toString('hex').toUpperCase(), hostId: randomBytes(48).toString('base64') };
}
