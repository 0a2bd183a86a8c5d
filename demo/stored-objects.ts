/** Reads the store without the gateway: it must have the promised bytes, and nothing else. */
import { GetObjectCommand, ListMultipartUploadsCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import type { DemoUpload } from './uploads.ts';

export class StoredObjects {
  readonly #client: S3Client;

  constructor(endpoint: string, accessKeyId: string, secretAccessKey: string) {
    const credentials = { accessKeyId, secretAccessKey };
    this.#client = new S3Client({ endpoint, credentials, forcePathStyle: true, region: 'us-east-1' });
  }

  /** The problem of the store after this upload, in words; undefined if there is none. */
  async problemWith(upload: DemoUpload): Promise<string | undefined> {
    const found = await this.#read(upload.key);
    const { Uploads } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: 'my-bucket' }));
    this.#client.destroy();
    if ((Uploads?.length ?? 0) > 0) return 'the store has parts of an unfinished upload';
    if (upload.stored === undefined)
      return found === undefined ? undefined : 'the store has an object that was never promised';
    if (found === undefined) return 'the store has no object';
    return upload.stored.equals(found) ? undefined : "the store's object has other bytes";
  }

  async #read(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: 'my-bucket', Key: key }));
      return Buffer.from(await Body!.transformToByteArray());
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
}
