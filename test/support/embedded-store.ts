/** The embedded store on a temporary folder, and what it holds, asked of itself by the AWS SDK. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListMultipartUploadsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Store, type StoreOptions, startStore } from '../../src/rehearsal/store/start-store.ts';

export const STORE_KEYS = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };
const BUCKET = 'my-bucket';

export class EmbeddedStore {
  readonly url: string;
  readonly #store: Store;
  readonly #directory: string;
  readonly #client: S3Client;

  private constructor(store: Store, directory: string) {
    this.url = store.url;
    this.#store = store;
    this.#directory = directory;
    const credentials = { accessKeyId: STORE_KEYS.accessKey, secretAccessKey: STORE_KEYS.secretKey };
    this.#client = new S3Client({ endpoint: store.url, region: 'us-east-1', forcePathStyle: true, credentials });
  }

  static async start(options: Partial<StoreOptions> = {}): Promise<EmbeddedStore> {
    const directory = await mkdtemp(join(tmpdir(), 'mizuchi-embedded-'));
    const address = { host: '127.0.0.1', port: 0 };
    return new EmbeddedStore(
      await startStore({ directory, address, buckets: [BUCKET], ...STORE_KEYS, ...options }),
      directory,
    );
  }

  /** The SDK verifies the checksum that the store has kept. */
  get(Key: string, Bucket = BUCKET): Promise<GetObjectCommandOutput> {
    return this.#client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  }

  /** SHA-256 of the object in hex; undefined if there is none. */
  async sumOf(key: string): Promise<string | undefined> {
    try {
      const { Body } = await this.get(key);
      return sha256(await Body!.transformToByteArray());
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async remove(Key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
  }

  /** Keys of the multipart uploads that were begun and neither completed nor aborted. */
  async openUploads(): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    return Uploads.map(({ Key }) => Key!);
  }

  async close(): Promise<void> {
    this.#client.destroy();
    await this.#store.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
