/**
 * A small S3-compatible store on local disk, for demos and tests. It verifies signatures and checksums, and survives being
 * killed. Only one process may use a directory; writes are not synced to the disk.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { UnderWay } from '../../kit/under-way.ts';
import { SigningKeys } from '../../sigv4/signing-key.ts';
import type { KnownKey } from '../../sigv4/verify.ts';
import type { StoreFiles } from './call.ts';
import { createDirectory } from './disk/create-directory.ts';
import { ObjectFiles } from './disk/object-files.ts';
import { TemporaryFiles } from './disk/temporary-files.ts';
import { UploadFiles } from './disk/upload-files.ts';
import { Exchange, type RequestRecord } from './exchange.ts';
import { FaultPlan } from './faults.ts';
import { isBucketName } from './request-head.ts';
import { newRequestIds } from './request-ids.ts';
import { errorXml } from './s3-error.ts';
import { type ServingContext, serveRequest } from './serve-request.ts';

export interface StoreOptions {
  /** Created if it does not exist. */
  readonly directory: string;
  /** Port 0 selects any free port. */
  readonly address: { readonly host: string; readonly port: number };
  readonly accessKey: string;
  readonly secretKey: string;
  /** If set, requests must send it as `x-amz-security-token`. */
  readonly sessionToken?: string | undefined;
  /** Created at the start. */
  readonly buckets?: readonly string[];
  /** For tests. */
  readonly faults?: FaultPlan;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** Called for every request after its headers, including rejected ones. */
  readonly onRequest?: (record: RequestRecord) => void;
}

export interface Store {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** Closes all connections at once, and resolves when no request is in progress. */
  close(): Promise<void>;
}

/** In milliseconds, longer than clients keep idle connections, so that the client closes first. */
const KEEP_ALIVE = 60_000;

/** @throws Error if the directory is not writable, a bucket name is invalid, or the address is in use. */
export async function startStore(options: StoreOptions): Promise<Store> {
  const prepared = Promise.withResolvers<ServingContext>();
  const underWay = new UnderWay();
  const serve: Serve = (request, response, expectsContinue) => {
    const exchange = new Exchange(request, response, expectsContinue);
    options.onRequest?.(exchange.record);
    const work = prepared.promise.then((context) => serveRequest(exchange, context)).then(() => exchange.ended);
    void underWay.watch(work).then(exchange.settle);
  };
  // Bind the address first: a second process must not touch the files of the running store.
  const server = await listen(serve, options.address);
  try {
    prepared.resolve(await prepareContext(options));
  } catch (error) {
    server.close().closeAllConnections();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return { url: `http://${hostInUrl(options.address.host)}:${port}`, port, close: () => close(server, underWay) };
}

type Serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => void;

async function prepareContext(options: StoreOptions): Promise<ServingContext> {
  return {
    files: await prepareFiles(options.directory, options.buckets ?? []),
    findKey: keyRing(options),
    faults: options.faults ?? new FaultPlan(),
    now: options.clock ?? Date.now,
    stale: new WeakSet(),
  };
}

async function prepareFiles(directory: string, buckets: readonly string[]): Promise<StoreFiles> {
  const temporary = join(directory, 'temporary');
  await createDirectory(directory);
  await createDirectory(temporary);
  const files = {
    objects: new ObjectFiles(join(directory, 'buckets')),
    uploads: new UploadFiles(join(directory, 'uploads')),
    temporary: new TemporaryFiles(temporary),
  };
  await files.temporary.clear();
  for (const bucket of buckets) {
    if (!isBucketName(bucket)) throw new Error(`${bucket} is not a valid bucket name`);
    await files.objects.createBucket(bucket);
  }
  return files;
}

function keyRing({ accessKey, secretKey, sessionToken }: StoreOptions): (accessKey: string) => KnownKey | undefined {
  const known = { keys: new SigningKeys(secretKey), sessionToken };
  return (asked) => (asked === accessKey ? known : undefined);
}

async function listen(serve: Serve, address: StoreOptions['address']): Promise<Server> {
  // No limit on the duration of an upload: slow clients are allowed.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE });
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuseSocket(error, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

/** Malformed HTTP also gets an S3 error. */
function refuseSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const ids = newRequestIds();
  const body = errorXml({ code: 'BadRequest', message: 'The request is not valid HTTP.' }, ids);
  const lines = [
    'HTTP/1.1 400 Bad Request',
    'connection: close',
    'content-type: application/xml',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amz-request-id: ${ids.requestId}`,
    `x-amz-id-2: ${ids.hostId}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

async function close(server: Server, underWay: UnderWay): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
  await underWay.none();
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
