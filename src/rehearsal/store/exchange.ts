/** One request and its response: its IDs, its observation, its body, and the end of its connection. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { newRequestIds, type RequestIds } from './request-ids.ts';

/** The observation of a request. The observer gets it after the headers; its fields are set during the request. */
export interface RequestRecord {
  readonly method: string;
  /** As received. */
  readonly target: string;
  /** Names and values as received, alternating. */
  readonly rawHeaders: readonly string[];
  /** As joined by node:http, with lower-case names. */
  readonly headers: IncomingMessage['headers'];
  /** Undefined for a request that was rejected before its operation was known. */
  operation: string | undefined;
  /** Bytes of the body that the store has read, framing included. */
  bytes: number;
  /** Whether the request was complete when the exchange ended. */
  complete: boolean;
  /** Status of the response; undefined without one. */
  status: number | undefined;
  /** Resolves when the response is sent or the connection is closed, and the store has cleaned up. */
  readonly over: Promise<void>;
}

/** The connection is closed, so no response can be sent. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly ids: RequestIds;
  /** Resolves when the response is sent or the connection is closed. */
  readonly ended: Promise<void>;
  /** Call when the work of this exchange is complete. */
  readonly settle: () => void;
  #expectsContinue: boolean;

  /** @param expectsContinue whether the client waits for 100 Continue before it sends the body. */
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
   * The bytes of the body, without HTTP chunk framing. Stopping early does not close the connection. This sends 100 Continue
   * if the client waits for it; without it, node:http closes the connection after the response.
   */
  async *body(): AsyncGenerator<Buffer> {
    if (this.#expectsContinue) this.response.writeContinue();
    this.#expectsContinue = false;
    for await (const piece of this.request.iterator({ destroyOnReturn: false })) {
      this.record.bytes += (piece as Buffer).length;
      yield piece as Buffer;
    }
  }

  /** @throws ConnectionClosed if the client disconnects before `promise` resolves. */
  async orGone(promise: Promise<unknown>): Promise<void> {
    const gone = this.ended.then(() => {
      throw new ConnectionClosed();
    });
    await Promise.race([promise, gone]);
  }

  /** Ends the connection with a TCP reset. */
  reset(): never {
    this.request.socket.resetAndDestroy();
    throw new ConnectionClosed();
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
