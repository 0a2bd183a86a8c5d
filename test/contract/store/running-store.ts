/** A store on a directory of its own, with the AWS SDK pointed at it. Call from inside `describe`. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { GetObjectCommand, S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import type { RequestRecord } from '../../../src/rehearsal/store/exchange.ts';
import { FaultPlan } from '../../../src/rehearsal/store/faults.ts';
import { type Store, startStore } from '../../../src/rehearsal/store/start-store.ts';
import { RawClient } from '../../support/http-client.ts';
import {
  ACCESS_KEY,
  headText,
  SECRET_KEY,
  type SignerOptions,
  signHeaders,
  type Unsigned,
} from './independent-signer.ts';

export const BUCKET = 'test-bucket';

export class RunningStore {
  readonly faults = new FaultPlan();
  readonly requests: RequestRecord[] = [];
  /** Milliseconds that the store's clock is ahead. */
  clockOffset = 0;
  directory = '';
  store!: Store;
  client!: S3Client;
  #clients: S3Client[] = [];
  #sockets: RawClient[] = [];
  #waiting: ((record: RequestRecord) => void)[] = [];

  async start(): Promise<void> {
    if (this.directory === '') this.directory = await mkdtemp(join(tmpdir(), 'mizuchi-store-'));
    this.store = await startStore({
      directory: this.directory,
      address: { host: '127.0.0.1', port: 0 },
      accessKey: ACCESS_KEY,
      secretKey: SECRET_KEY,
      buckets: [BUCKET],
      faults: this.faults,
      clock: () => Date.now() + this.clockOffset,
      onRequest: (record) => this.#take(record),
    });
    this.client = this.newClient();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    await this.store.close();
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true });
  }

  reset(): void {
    this.faults.clear();
    this.requests.length = 0;
    this.clockOffset = 0;
  }

  /** The next request whose head arrives. */
  next(): Promise<RequestRecord> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #take(record: RequestRecord): void {
    this.requests.push(record);
    for (const waiting of this.#waiting.splice(0)) waiting(record);
  }

  newClient(config: S3ClientConfig = {}): S3Client {
    const client = new S3Client({
      endpoint: this.store.url,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
      maxAttempts: 1,
      ...config,
    });
    this.#clients.push(client);
    return client;
  }

  get host(): string {
    return `127.0.0.1:${this.store.port}`;
  }

  async connect(): Promise<RawClient> {
    const socket = await RawClient.connect(this.store.url);
    this.#sockets.push(socket);
    return socket;
  }

  /** Sends a signed head on a new connection; `extra` headers are added after signing. */
  async sendHead(request: Unsigned, extra: Record<string, string> = {}, signer?: SignerOptions): Promise<RawClient> {
    const socket = await this.connect();
    const headers = await signHeaders(request, this.host, signer);
    socket.write(headText(request.method, targetOf(request), { ...headers, ...extra }));
    return socket;
  }

  async contentOf(key: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  async assertAbsent(key: string): Promise<void> {
    await assert.rejects(this.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key })), { name: 'NoSuchKey' });
  }

  async assertNothingTemporary(): Promise<void> {
    assert.deepEqual(await readdir(join(this.directory, 'temporary')), []);
  }
}

export function useStore(): RunningStore {
  const running = new RunningStore();
  before(() => running.start());
  beforeEach(() => running.reset());
  after(() => running.remove());
  return running;
}

/** For `assert.rejects`: the error that S3 answered. */
export function s3Error(name: string, status: number) {
  return (error: unknown): true => {
    assert.ok(error instanceof S3ServiceException, String(error));
    assert.equal(error.name, name);
    assert.equal(error.$metadata.httpStatusCode, status);
    return true;
  };
}

const targetOf = ({ path, query }: Unsigned): string =>
  query === undefined ? path : `${path}?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`;
