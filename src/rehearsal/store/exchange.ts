/** One request and its answer on the wire: its ids, what has been seen of it, its body, and the end of its connection. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { newRequestIds, type RequestIds } from './request-ids.ts';

/** What an observer gets to know of a request. It is handed over when the head has come and is filled in as it goes on. */
export interface RequestRecord {
  readonly method: string;
  /** As it was on the wire. */
  readonly target: string;
  /** Name and value in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** As node:http joins them, lower-case names. */
  readonly headers: IncomingMessage['headers'];
  /** Undefined for a request that was refused before it was understood. */
  operation: string | undefined;
  /** Bytes of the body that the store has read, framing included. */
  bytes: number;
  /** Whether the request had come to its end, when all was over. */
  complete: boolean;
  /** Of the answer; undefined if there was none. */
  status: number | undefined;
  /** Resolves when the answer is sent or the connection is gone, and the store has put away all that belonged to it. */
  readonly over: Promise<void>;
}

/** Thrown where there is nobody left to answer to. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly ids: RequestIds;
  /** Resolves when the answer is sent or the connection is gone. */
  readonly ended: Promise<void>;
  /** Call when nothing of this exchange is left to do. */
  readonly settle: () => void;
  #expectsContinue: boolean;

  /** @param expectsContinue whether the client holds its body back until it is asked for. */
  constructor(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) {
    this.request = request;
    this.response = response;
    this.#expectsContinue = expectsContinue;
    this.ended = new Promise((resolve) => response.once('close', resolve));
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.record = recordOf(request, over);
    this.settle = () => {
      this.record.complete = request.complete;
      this.record.status = response.headersSent ? response.statusCode : undefined;
      resolve();
    };
    request.on('error', () => {});
    this.ids = newRequestIds();
    response.setHeader('x-amz-request-id', this.ids.requestId);
    response.setHeader('x-amz-id-2', this.ids.hostId);
  }

  /**
   * The bytes of the body as they come, HTTP's own chunks taken off. To stop early leaves the connection as it is. A client
   * that expects to be asked is asked now; where it never is, node:http closes the connection after the answer.
   */
  async *body(): AsyncGenerator<Buffer> {
    if (this.#expectsContinue) this.response.writeContinue();
    this.#expectsContinue = false;
    for await (const piece of this.request.iterator({ destroyOnReturn: false })) {
      this.record.bytes += (piece as Buffer).length;
      yield piece as Buffer;
    }
  }

  /** @throws ConnectionGone if the client goes before `promise` resolves. */
  async orGone(promise: Promise<unknown>): Promise<void> {
    const gone = this.ended.then(() => {
      throw new ConnectionGone();
    });
    await Promise.race([promise, gone]);
  }

  /** Ends the connection with a TCP reset. */
  reset(): never {
    this.request.socket.resetAndDestroy();
    throw new ConnectionGone();
  }
}

function recordOf(request: IncomingMessage, over: Promise<void>): RequestRecord {
  const { method = '', url: target = '', rawHeaders, headers } = request;
  return {
    method,
    target,
    rawHeaders,
    headers,
    operation: undefined,
    bytes: 0,
    complete: false,
    status: undefined,
    over,
  };
}
