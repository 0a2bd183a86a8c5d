/** What the back end of a web site does for its pages: it signs requests with a key that no page knows. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { BUCKET } from '../support/gateway-in-front.ts';
import { DEVICE } from '../support/identity-scene.ts';

/** As Uppy asks for it. */
export interface SignRequest {
  readonly method: string;
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
}

export class Signer {
  readonly #client: S3Client;

  constructor(endpoint: string) {
    const options = { endpoint, region: 'us-east-1', forcePathStyle: true, credentials: DEVICE } as const;
    this.#client = new S3Client({ ...options, requestChecksumCalculation: 'WHEN_REQUIRED' });
  }

  /** @returns a presigned URL. */
  url(request: SignRequest): Promise<string> {
    return getSignedUrl(this.#client, commandOf(request) as PutObjectCommand, { expiresIn: 900 });
  }

  /** @param most bytes that the file may have. */
  form(key: string, most: number, fields: Record<string, string> = {}): Promise<PresignedPost> {
    const conditions = [['content-length-range', 0, most] as ['content-length-range', number, number]];
    return createPresignedPost(this.#client, { Bucket: BUCKET, Key: key, Fields: fields, Conditions: conditions });
  }
}

function commandOf({ method, key, uploadId, partNumber }: SignRequest) {
  const object = { Bucket: BUCKET, Key: key };
  if (uploadId === undefined)
    return method === 'PUT' ? new PutObjectCommand(object) : new CreateMultipartUploadCommand(object);
  const upload = { ...object, UploadId: uploadId };
  if (partNumber !== undefined) return new UploadPartCommand({ ...upload, PartNumber: partNumber });
  if (method === 'GET') return new ListPartsCommand(upload);
  return method === 'POST' ? new CompleteMultipartUploadCommand(upload) : new AbortMultipartUploadCommand(upload);
}
