/** Clients that upload again and again, each in its own way, until they are stopped. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface DemoCredentials {
  readonly access_key: string;
  readonly secret_key: string;
}

export class LiveClients {
  readonly #endpoint: string;
  readonly #client: S3Client;
  readonly #stranger: S3Client;
  readonly #stop = new AbortController();

  constructor(endpoint: string, { access_key, secret_key }: DemoCredentials) {
    this.#endpoint = endpoint;
    this.#client = this.#clientWith(access_key, secret_key);
    this.#stranger = this.#clientWith(access_key, 'a-guess');
  }

  start(): void {
    this.#again(700, () => this.#put('uploads', `sensors/${Date.now() % 10}.json`, 2 * KIB));
    this.#again(1_000, () => this.#put('reviewed', 'contracts/signed.pdf', 200 * KIB));
    this.#again(500, () => this.#slowly('cameras/front-door.mp4', 24 * MIB));
    this.#again(1_500, () => this.#multipart('films/holiday.mov', 48 * MIB));
    this.#again(1_500, () => this.#put('archive', 'backups/database.tar', 64 * MIB));
    this.#again(4_000, () => this.#refused());
    this.#again(9_000, () => this.#put('misconfigured', 'report.pdf', KIB));
    this.#again(6_000, () => this.#disconnect());
  }

  stop(): void {
    this.#stop.abort();
    this.#client.destroy();
    this.#stranger.destroy();
  }

  /** Repeats the work, also after a failure, after a pause in milliseconds. */
  #again(pause: number, work: () => Promise<unknown>): void {
    const { signal } = this.#stop;
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await work().catch(() => {}); // the view shows the failure
        await delay(pause, undefined, { signal }).catch(() => {});
      }
    };
    void run();
  }

  async #put(bucket: string, key: string, bytes: number): Promise<void> {
    const input = { Bucket: bucket, Key: key, Body: Buffer.alloc(bytes, 'mizuchi ') };
    await this.#client.send(new PutObjectCommand(input), { abortSignal: this.#stop.signal });
  }

  async #refused(): Promise<void> {
    const input = { Bucket: 'uploads', Key: 'not-yours.txt', Body: 'mine' };
    await this.#stranger.send(new PutObjectCommand(input), { abortSignal: this.#stop.signal });
  }

  async #multipart(key: string, bytes: number): Promise<void> {
    const params = { Bucket: 'archive', Key: key, Body: Readable.from(pieces(bytes)) };
    const upload = new Upload({ client: this.#client, params, partSize: 8 * MIB, queueSize: 3 });
    this.#stop.signal.addEventListener('abort', () => void upload.abort(), { once: true });
    await upload.done();
  }

  /** A camera on a bad line: it sends in bursts, and pauses longer and longer. */
  async #slowly(key: string, bytes: number): Promise<void> {
    const url = await getSignedUrl(this.#client, new PutObjectCommand({ Bucket: 'uploads', Key: key }));
    await this.#raw(url, bytes, async (write) => {
      const burst = randomBytes(256 * KIB);
      for (let sent = 0, i = 0; sent < bytes; sent += burst.length, i++) {
        write(burst);
        await delay(i % 10 === 9 ? 8_000 : 300, undefined, { signal: this.#stop.signal });
      }
    });
  }

  async #disconnect(): Promise<void> {
    const command = new PutObjectCommand({ Bucket: 'uploads', Key: 'phones/picture.jpg' });
    const url = await getSignedUrl(this.#client, command);
    await this.#raw(url, 4 * MIB, async (write) => {
      write(randomBytes(MIB));
      await delay(2_500, undefined, { signal: this.#stop.signal });
      throw new Error('the phone has lost its connection');
    });
  }

  /** A PUT with a body of this size, which `send` writes. Its failure ends the connection. */
  async #raw(url: string, bytes: number, send: (write: (bytes: Buffer) => void) => Promise<void>): Promise<void> {
    const put = request(url, { method: 'PUT', headers: { 'content-length': bytes } });
    const responded = new Promise<void>((resolve, reject) => {
      put.once('response', (response) => response.resume().once('close', resolve)).once('error', reject);
    });
    responded.catch(() => {});
    try {
      await Promise.race([send((piece) => void put.write(piece)), responded]);
      put.end();
      await responded;
    } finally {
      put.destroy();
    }
  }

  #clientWith(accessKeyId: string, secretAccessKey: string): S3Client {
    return new S3Client({
      endpoint: this.#endpoint,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });
  }
}

function* pieces(bytes: number): Generator<Buffer> {
  const piece = randomBytes(MIB);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}
