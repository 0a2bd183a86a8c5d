/** A store that takes whatever comes and remembers it: for what a well-behaved store would hide, and for bad behaviour on command. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface StoreRequest {
  readonly method: string;
  /** As it was on the wire. */
  readonly target: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  body: Buffer;
  /** Whether the request arrived to its end. */
  complete: boolean;
  /** Resolves when the request is over, one way or the other. */
  readonly over: Promise<void>;
}

/** Called when the head of a request has come; answers when and how it likes. */
export type Behaviour = (
  request: IncomingMessage,
  response: ServerResponse,
  record: StoreRequest,
) => void | Promise<void>;

export class RawStore {
  readonly requests: StoreRequest[] = [];
  behaviour: Behaviour = answerWell;
  readonly #server: Server;
  #waiting: ((record: StoreRequest) => void)[] = [];

  readonly #scheme: 'http' | 'https';

  private constructor(tls: ServerOptions | undefined) {
    const take = (request: IncomingMessage, response: ServerResponse): void => this.#take(request, response);
    this.#server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
    this.#server.requestTimeout = 0;
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  /** @param tls of a store that speaks TLS. */
  static async start(tls?: ServerOptions): Promise<RawStore> {
    const store = new RawStore(tls);
    await new Promise<void>((resolve) => store.#server.listen(0, '127.0.0.1', resolve));
    return store;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next request whose head arrives. */
  next(): Promise<StoreRequest> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const record: StoreRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.alloc(0),
      complete: false,
      over,
    };
    this.requests.push(record);
    request.on('error', () => {});
    request.once('close', () => {
      record.complete = request.complete;
      resolve();
    });
    for (const waiting of this.#waiting.splice(0)) waiting(record);
    void this.behaviour(request, response, record);
  }
}

/** Reads all, remembers it, says yes. */
export async function answerWell(
  request: IncomingMessage,
  response: ServerResponse,
  record: StoreRequest,
): Promise<void> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    return;
  }
  record.body = Buffer.concat(pieces);
  const headers = {
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    'x-amz-request-id': 'STORE0001',
    'x-amz-id-2': 'extended',
  };
  response.writeHead(200, { ...headers, 'content-length': 0 }).end();
}

/** Answers a fixed status and document, after the whole request. */
export function answering(status: number, body: string, headers: Record<string, string> = {}): Behaviour {
  return (request, response) => {
    request.resume();
    request.once('end', () => response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(body));
  };
}
