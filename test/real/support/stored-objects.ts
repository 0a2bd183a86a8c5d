/** What a store really holds, asked of the store itself and not of the gateway. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

export class StoredObjects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** SHA-256 of the object's bytes, in hex, as the store gives them back. */
  async sha256(key: string): Promise<string> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    const hash = createHash('sha256');
    for await (const piece of Body as Readable) hash.update(piece);
    return hash.digest('hex');
  }

  head(key: string): Promise<HeadObjectCommandOutput> {
    return this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' }));
  }

  async keys(prefix?: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined; ; ) {
      const page = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token });
      const { Contents = [], NextContinuationToken } = await this.#client.send(page);
      keys.push(...Contents.map(({ Key }) => Key!));
      token = NextContinuationToken;
      if (token === undefined) return keys;
    }
  }

  /** Ids of the multipart uploads of this key that were begun and neither completed nor aborted. */
  async openUploads(key: string): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: key }),
    );
    return Uploads.filter(({ Key }) => Key === key).map(({ UploadId }) => UploadId!);
  }

  /** Keys of all multipart uploads that were begun and neither completed nor aborted. */
  async allOpenUploads(): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.#bucket }));
    return Uploads.map(({ Key }) => Key!);
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
