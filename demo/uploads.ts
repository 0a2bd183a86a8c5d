/**
 * The five uploads of the demo, by a stock client without tracing: the AWS SDK for JavaScript. It reads the trace id from the
 * header Server-Timing of the response. Only the client that gets no response sends a trace context.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

export interface DemoUpload {
  readonly title: string;
  readonly traceId: string;
  /** The response that the client received, or its error. */
  readonly outcome: string;
  /** The bytes that the store must have afterwards; undefined where it must have none. */
  readonly stored: Buffer | undefined;
  readonly key: string;
  /** The number of requests of the client, which is also the number of SERVER spans of its trace. */
  readonly requests: number;
  /** The promise that the store must confirm, in words. */
  readonly promise: string;
}

const PART_BYTES = 16 * 1024 * 1024;
const SAME = 'the store has the same bytes';
const NOTHING = 'the store has no part of it';

export class DemoClient {
  readonly #endpoint: string;
  readonly #credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };

  constructor(endpoint: string, accessKeyId: string, secretAccessKey: string) {
    this.#endpoint = endpoint;
    this.#credentials = { accessKeyId, secretAccessKey };
  }

  async smallObject(): Promise<DemoUpload> {
    const { client, traceId } = this.#client();
    const stored = Buffer.from('Hello from a stock S3 client.\n');
    const response = await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'hello.txt', Body: stored }));
    client.destroy();
    const title = 'A small object';
    return {
      title,
      traceId: traceId(),
      outcome: `stored, ETag ${response.ETag}`,
      stored,
      key: 'hello.txt',
      requests: 1,
      promise: SAME,
    };
  }

  async multipart(stored: Buffer, progress: (bytes: number) => void): Promise<DemoUpload> {
    const { client, traceId } = this.#client();
    const params = { Bucket: 'uploads', Key: 'videos/holiday.mp4', Body: stored };
    const upload = new Upload({ client, params, partSize: PART_BYTES, queueSize: 2 });
    upload.on('httpUploadProgress', ({ loaded }) => progress(loaded ?? 0));
    const response = await upload.done();
    client.destroy();
    const outcome = `stored, ETag ${response.ETag}`;
    const requests = 2 + Math.ceil(stored.length / PART_BYTES); // Create, the parts, Complete
    const title = 'A 64 MiB multipart upload';
    return { title, traceId: traceId(), outcome, stored, key: 'videos/holiday.mp4', requests, promise: SAME };
  }

  /** Signs with an invented secret. */
  async refused(): Promise<DemoUpload> {
    const { client, traceId } = this.#client({ secretAccessKey: 'a-guess' });
    const input = { Bucket: 'uploads', Key: 'not-yours.txt', Body: 'mine' };
    const outcome = await client.send(new PutObjectCommand(input)).then(() => 'accepted?', errorText);
    client.destroy();
    const title = 'An upload signed with the wrong secret key';
    return {
      title,
      traceId: traceId(),
      outcome,
      stored: undefined,
      key: 'not-yours.txt',
      requests: 1,
      promise: NOTHING,
    };
  }

  /** Uploads to a bucket of the gateway that the store does not have. */
  async misconfigured(): Promise<DemoUpload> {
    const { client, traceId } = this.#client();
    const key = 'report.pdf';
    const input = { Bucket: 'misconfigured', Key: key, Body: 'a report' };
    const outcome = await client.send(new PutObjectCommand(input)).then(() => 'accepted?', errorText);
    client.destroy();
    const title = 'A bucket that the store does not have';
    return { title, traceId: traceId(), outcome, stored: undefined, key, requests: 1, promise: NOTHING };
  }

  /** Sends half of the declared bytes, then disconnects. */
  async disconnected(): Promise<DemoUpload> {
    const traceId = randomBytes(16).toString('hex');
    const { client } = this.#client({ traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` });
    const abort = new AbortController();
    const size = 8 * 1024 * 1024;
    const half = Readable.from(halfThen(size / 2, () => abort.abort()));
    const input = { Bucket: 'uploads', Key: 'broken.bin', Body: half, ContentLength: size };
    const sending = client.send(new PutObjectCommand(input), { abortSignal: abort.signal });
    const outcome = await sending.then(() => 'accepted?', errorText);
    client.destroy();
    const title = 'A client that disconnects mid-upload';
    return { title, traceId, outcome, stored: undefined, key: 'broken.bin', requests: 1, promise: NOTHING };
  }

  /** `traceId` is that of the first response. */
  #client(options: { secretAccessKey?: string; traceparent?: string } = {}): DemoS3 {
    const client = new S3Client({
      endpoint: this.#endpoint,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: {
        ...this.#credentials,
        ...(options.secretAccessKey && { secretAccessKey: options.secretAccessKey }),
      },
      maxAttempts: 1,
      logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} }, // it would warn of the aborted stream, which is intended
    });
    let traceId = '';
    client.middlewareStack.add(
      (next) => async (args) => {
        const request = args.request as { headers: Record<string, string> };
        if (options.traceparent !== undefined) request.headers.traceparent = options.traceparent;
        const result = await next(args);
        const { headers } = result.response as { headers: Record<string, string> };
        traceId ||= /desc="00-([0-9a-f]{32})-/.exec(headers['server-timing'] ?? '')?.[1] ?? '';
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'trace' },
    );
    return { client, traceId: () => traceId };
  }
}

interface DemoS3 {
  readonly client: S3Client;
  readonly traceId: () => string;
}

async function* halfThen(bytes: number, then: () => void): AsyncGenerator<Buffer> {
  const piece = randomBytes(64 * 1024);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
  then();
  await new Promise(() => {}); // never ends: the abort ends it
}

function errorText(error: unknown): string {
  if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`;
  return (error as Error).name;
}
