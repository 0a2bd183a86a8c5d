/** An authorized upload, for tests of the ways behind their interface. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { planBody } from '../../../src/body/body-plan.ts';
import { TransferClock } from '../../../src/body/transfer-clock.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { Authorized, IncomingBody } from '../../../src/domain/stages.ts';
import { headersForStore } from '../../../src/s3/header-allow-list.ts';
import type { StoreClient, StoreConfig } from '../../../src/s3/store-client.ts';
import type { UploadBucket } from '../../../src/upload/handler.ts';
import type { ObjectUpload } from '../../../src/upload/ways/way.ts';
import { UploadIds } from '../../../src/upload-id/seal.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';
import type { SocketPair } from '../../support/socket-pair.ts';

export interface WayUpload {
  readonly upload: ObjectUpload;
  /** The client disconnects, or with a reason the gateway shuts down. */
  disconnect(reason?: Error): void;
}

export interface ClientSends {
  readonly key: string;
  /** Undefined where the client does not declare it. */
  readonly length: number | undefined;
  readonly bytes: Buffer;
  /** Whether the client sends nothing after the bytes, but stays connected. */
  readonly stalls?: boolean;
  /** A real connection, which a pump may read. By default, only a stream reads the body. */
  readonly connection?: SocketPair | undefined;
  readonly headers?: Record<string, string>;
}

export function storeConfig(endpoint: string, more: Partial<StoreConfig> = {}): StoreConfig {
  return {
    bucket: 'my-bucket',
    region: 'us-east-1',
    endpoint,
    path_style: true,
    access_key: 'mizuchi',
    secret_key: 'mizuchi-secret',
    propagate: false,
    max_connections: 10,
    connect_timeout_seconds: 5,
    stall_timeout_seconds: 5,
    answer_timeout_seconds: 5,
    ...more,
  };
}

export function wayUpload(store: StoreClient, sends: ClientSends): WayUpload {
  const { key, headers = {} } = sends;
  const client = sends.connection === undefined ? streamingClient(sends) : connectedClient(sends, sends.connection);
  const connection = new AbortController();
  const bucket: UploadBucket = {
    name: 'uploads',
    storeBucket: 'my-bucket',
    store,
    headerRules: undefined,
    checksums: { added: undefined, own: 'crc32', passed: true, verifies: new Set<never>() },
    uploadIds: new UploadIds('a secret', 'uploads'),
  };
  const incoming = { headers, signal: connection.signal, body: client.body };
  const request = {
    ...resolvedRequest({ key, incoming }),
    bucket,
    decision: { reason: 'test' },
  } as Authorized<UploadBucket>;
  const plan = planBody(request, 10 * 1024 ** 3, bucket.checksums);
  const scope = {
    span: NO_SPAN,
    transfer: new TransferClock(),
    pace: { idleMillis: 10_000, leastRate: 0 },
    chunks: { passed() {} },
  };
  const upload = { request, plan, headers: headersForStore('PutObject', headers, undefined), scope };
  const disconnect = (reason?: Error): void => {
    connection.abort(reason);
    client.disconnect(reason);
  };
  return { upload, disconnect };
}

interface Client {
  readonly body: IncomingBody;
  disconnect(reason?: Error): void;
}

const CHUNK = 64 * 1024;

function streamingClient({ length, bytes, stalls = false }: ClientSends): Client {
  let at = 0;
  const stream = new Readable({
    highWaterMark: CHUNK,
    read() {
      if (at < bytes.length) this.push(bytes.subarray(at, (at += CHUNK)));
      else if (!stalls) this.push(null);
    },
  });
  const body = { length, open: () => stream, take: async () => undefined };
  return { body, disconnect: (reason) => void stream.destroy(reason) };
}

/** Closes its connection if it does not send everything. */
function connectedClient({ length, bytes, stalls = false }: ClientSends, { near, far }: SocketPair): Client {
  let at = 0;
  const send = (): void => {
    while (at < bytes.length && near.writableLength === 0) near.write(bytes.subarray(at, (at += CHUNK)));
    if (at >= bytes.length && !stalls && bytes.length < length!) near.end();
  };
  near.on('drain', send);
  const take = async () => {
    send();
    return { connection: far, first: Buffer.alloc(0), left: length!, giveBack() {} };
  };
  const open = (): never => assert.fail('a pump reads this connection');
  const disconnect = (reason?: Error): void => void (reason === undefined ? near.resetAndDestroy() : far.destroy());
  return { body: { length, connection: far, open, take }, disconnect };
}
