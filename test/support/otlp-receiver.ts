/** OTLP collectors on real sockets, for tests: they keep what arrives, and can answer what the test wants. */

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, {
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type DecodedRequest, type DecodedSpan, decodeRequest } from './otlp-messages.ts';

type TlsOptions = Pick<SecureServerOptions, 'key' | 'cert' | 'ca' | 'requestCert' | 'rejectUnauthorized'>;

/** One request as it arrived, decompressed and decoded. */
export interface ReceivedExport {
  /** HTTP headers, or gRPC metadata; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly path: string;
  readonly compressed: boolean;
  readonly requests: readonly DecodedRequest[];
}

export interface OtlpReceiver {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly port: number;
  readonly exports: readonly ReceivedExport[];
  /** All spans that arrived so far. */
  spans(): DecodedSpan[];
  /** Resolves when `done` says so of what has arrived. */
  until(done: (receiver: OtlpReceiver) => boolean): Promise<void>;
  /** Takes no more connections, and ends when what is under way has been answered. */
  finish(): Promise<void>;
  /** Cuts off what is under way. */
  close(): Promise<void>;
}

/** Answers an HTTP export that has been read to its end. */
export type HttpAnswer = (response: ServerResponse, request: IncomingMessage, count: number) => void;

const ok: HttpAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

/** @param port 0 for any that is free; a fixed one for a collector that comes back. @param tls to speak TLS. */
export async function receiveHttp(answer: HttpAnswer = ok, port = 0, tls?: TlsOptions): Promise<OtlpReceiver> {
  const kept = new Kept();
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => server.listening || server.closeIdleConnections());
    readAll(request).then(
      (body) => {
        const compressed = request.headers['content-encoding'] === 'gzip';
        kept.add(exportOf(request.headers as Record<string, string>, request.url ?? '', compressed, body));
        answer(response, request, kept.exports.length);
      },
      () => {}, // the exporter hung up
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return kept.as((server.address() as AddressInfo).port, server, (finish) =>
    finish ? server.closeIdleConnections() : server.closeAllConnections(),
  );
}

async function readAll(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

export interface GrpcAnswer {
  /** `grpc-status`; 0 unless given. */
  readonly code?: number;
  readonly details?: string;
  /** Value of `grpc-status-details-bin`. */
  readonly statusDetails?: Uint8Array;
  /** The ExportTraceServiceResponse; empty unless given. */
  readonly response?: Uint8Array;
}

/** What answers a call: undefined never does, or has done so by itself. */
export type AnswerCall = (
  count: number,
  stream: ServerHttp2Stream,
) => GrpcAnswer | undefined | Promise<GrpcAnswer | undefined>;

/**
 * gRPC on bare HTTP/2 (gRPC over HTTP2, "Requests" and "Responses"): what is on the wire is read here, not by the client's library.
 * @param tls to speak TLS; the endpoint says `http` nevertheless.
 */
export async function receiveGrpc(answer: AnswerCall = () => ({}), port = 0, tls?: TlsOptions): Promise<OtlpReceiver> {
  const kept = new Kept();
  const sessions = new Set<ServerHttp2Session>();
  const server = tls === undefined ? http2.createServer() : http2.createSecureServer(tls);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => {}); // the exporter hung up
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {}); // the exporter gave up
    readAll(stream).then(
      async (message) => {
        kept.add(grpcExportOf(headers, message));
        const said = await answer(kept.exports.length, stream);
        if (said !== undefined && !stream.destroyed) sayGrpc(stream, said);
      },
      () => {},
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return kept.as((server.address() as AddressInfo).port, server, (finish) => {
    for (const session of sessions) {
      if (finish) session.close();
      else session.destroy();
    }
  });
}

/** One message: a byte that says whether it is compressed, four of length, and the content. */
function grpcExportOf(headers: IncomingHttpHeaders, message: Buffer): ReceivedExport {
  const compressed = message[0] === 1 && headers['grpc-encoding'] === 'gzip';
  const body = message.subarray(5, 5 + message.readUInt32BE(1));
  return exportOf(headers as Record<string, string>, headers[':path'] ?? '', compressed, body);
}

/** Decoded when a test looks at it: exports of metrics and logs come here as well. */
function exportOf(headers: Record<string, string>, path: string, compressed: boolean, body: Buffer): ReceivedExport {
  let requests: readonly DecodedRequest[] | undefined;
  return {
    headers,
    path,
    compressed,
    get requests() {
      requests ??= decodeRequest(compressed ? gunzipSync(body) : body);
      return requests;
    },
  };
}

function sayGrpc(stream: ServerHttp2Stream, { code = 0, details, statusDetails, response }: GrpcAnswer): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers({
      'grpc-status': String(code),
      ...(details !== undefined && { 'grpc-message': encodeURIComponent(details) }),
      ...(statusDetails && { 'grpc-status-details-bin': Buffer.from(statusDetails).toString('base64') }),
    });
  });
  const body = Buffer.from(response ?? []);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  stream.end(code === 0 ? Buffer.concat([head, body]) : undefined);
}

class Kept {
  readonly exports: ReceivedExport[] = [];
  readonly #waiting = new Set<() => void>();

  add(received: ReceivedExport): void {
    this.exports.push(received);
    for (const check of this.#waiting) check();
  }

  /** @param letGo closes connections: when they are idle, or at once. */
  as(port: number, server: Server, letGo: (finish: boolean) => void): OtlpReceiver {
    const end = (finish: boolean): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        letGo(finish);
      });
    const receiver: OtlpReceiver = {
      endpoint: `http://127.0.0.1:${port}`,
      port,
      exports: this.exports,
      spans: () => this.exports.flatMap(({ requests }) => requests.flatMap(({ spans }) => spans)),
      until: (done) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (!done(receiver)) return;
            this.#waiting.delete(check);
            resolve();
          };
          this.#waiting.add(check);
          check();
        }),
      finish: () => end(true),
      close: () => end(false),
    };
    return receiver;
  }
}
