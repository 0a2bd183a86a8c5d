/**
 * The collector of the benchmarks: OTLP over HTTP and over gRPC. It answers at once and looks at what it got when it is asked,
 * so as not to take CPU from the turns. A contestant names itself in the header `x-contestant` of its exports.
 */
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { readFields } from '../../src/kit/protobuf.ts';
import { respondToBucketRequests } from './helper-process.ts';

/** What has come from one contestant. */
export interface Received {
  spans: number;
  exports: number;
  /** Bytes of the messages as they were sent. */
  bytes: number;
}

/** The ports of both protocols. */
export interface Listening {
  readonly http: number;
  readonly grpc: number;
}

interface Export {
  readonly contestant: string;
  readonly body: Buffer;
  /** How many bytes stand before the message. */
  readonly prefix: number;
  readonly gzipped: boolean;
}

/** Milliseconds between two looks at whether everything has come. */
const LOOK = 50;
const received = new Map<string, Received>();
let unread: Export[] = [];

const http = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  void collect(request).then((body) => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 }).end();
    const gzipped = request.headers['content-encoding'] === 'gzip';
    unread.push({ contestant: String(request.headers['x-contestant']), body, prefix: 0, gzipped });
  });
});

/** One unary call a stream: length-prefixed messages, and the status as a trailer (gRPC over HTTP/2). */
const grpc = createHttp2Server();
grpc.on('stream', (stream: ServerHttp2Stream, headers) => {
  void collect(stream).then((body) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(5)); // an empty ExportTraceServiceResponse
    unread.push({ contestant: String(headers['x-contestant']), body, prefix: 5, gzipped: body[0] === 1 });
  });
});

async function collect(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function read({ contestant, body, prefix, gzipped }: Export): void {
  const sum = of(contestant);
  const message = body.subarray(prefix);
  sum.exports++;
  sum.bytes += message.length;
  sum.spans += spansIn(gzipped ? gunzipSync(message) : message);
}

function of(contestant: string): Received {
  const known = received.get(contestant);
  if (known !== undefined) return known;
  const fresh = { spans: 0, exports: 0, bytes: 0 };
  received.set(contestant, fresh);
  return fresh;
}

/** ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2. */
function spansIn(request: Uint8Array): number {
  let spans = 0;
  for (const resource of messages(request, 1))
    for (const scope of messages(resource, 2)) for (const _ of messages(scope, 2)) spans++;
  return spans;
}

function* messages(message: Uint8Array, field: number): Generator<Uint8Array> {
  for (const { number, value } of readFields(message)) if (number === field && typeof value !== 'bigint') yield value;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** What has come from the contestant as soon as it is so many spans, or when the time is over. */
async function until({ contestant, spans, millis }: { contestant: string; spans: number; millis: number }) {
  const end = performance.now() + millis;
  for (;;) {
    const news = unread;
    unread = [];
    for (const one of news) read(one);
    if (of(contestant).spans >= spans || performance.now() > end) return of(contestant);
    await sleep(LOOK);
  }
}

respondToBucketRequests({
  listen: async (): Promise<Listening> => ({ http: await listen(http), grpc: await listen(grpc) }),
  until,
});
process.once('disconnect', () => process.exit());
