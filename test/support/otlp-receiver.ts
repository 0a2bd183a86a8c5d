/** OTLP collectors on real sockets, for tests: they keep what arrives, and can answer what the test wants. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { type DecodedRequest, type DecodedSpan, decodeRequest } from './otlp-messages.ts';

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
  close(): Promise<void>;
}

/** Answers an HTTP export that has been read to its end. */
export type HttpAnswer = (response: ServerResponse, request: IncomingMessage, count: number) => void;

const ok: HttpAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
};

/** @param port 0 for any that is free; a fixed one for a collector that comes back. */
export async function receiveHttp(answer: HttpAnswer = ok, port = 0): Promise<OtlpReceiver> {
  const kept = new Kept();
  const server = http.createServer((request, response) => {
    readAll(request).then(
      (body) => {
        const compressed = request.headers['content-encoding'] === 'gzip';
        kept.add({
          headers: request.headers as Record<string, string>,
          path: request.url ?? '',
          compressed,
          requests: decodeRequest(compressed ? gunzipSync(body) : body),
        });
        answer(response, request, kept.exports.length);
      },
      () => {}, // the exporter hung up
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return kept.as((server.address() as AddressInfo).port, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

export interface GrpcAnswer {
  readonly code?: status;
  readonly details?: string;
  /** Value of `grpc-status-details-bin`. */
  readonly statusDetails?: Uint8Array;
  /** The ExportTraceServiceResponse; empty unless given. */
  readonly response?: Uint8Array;
}

/** @param answer undefined never answers. */
export async function receiveGrpc(
  answer: (count: number) => GrpcAnswer | undefined = () => ({}),
  port = 0,
): Promise<OtlpReceiver> {
  const kept = new Kept();
  const server = new Server();
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const asIs = (bytes: Buffer): Buffer => bytes;
  server.addService(
    {
      Export: {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      Export: (
        call: { request: Buffer; metadata: Metadata },
        reply: (error: Partial<ServiceError> | null, response?: Uint8Array) => void,
      ) => {
        const headers = Object.fromEntries(
          Object.entries(call.metadata.getMap()).map(([name, value]) => [name, String(value)]),
        );
        kept.add({
          headers,
          path,
          compressed: headers['grpc-encoding'] === 'gzip',
          requests: decodeRequest(call.request),
        });
        const said = answer(kept.exports.length);
        if (said === undefined) return;
        if (said.code === undefined || said.code === status.OK) {
          reply(null, Buffer.from(said.response ?? []));
          return;
        }
        const metadata = new Metadata();
        if (said.statusDetails !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(said.statusDetails));
        reply({ code: said.code, details: said.details ?? '', metadata });
      },
    },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return kept.as(bound, async () => server.forceShutdown());
}

class Kept {
  readonly exports: ReceivedExport[] = [];
  readonly #waiting = new Set<() => void>();

  add(received: ReceivedExport): void {
    this.exports.push(received);
    for (const check of this.#waiting) check();
  }

  as(port: number, close: () => Promise<void>): OtlpReceiver {
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
      close,
    };
    return receiver;
  }
}
