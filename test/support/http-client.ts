/** Requests without a client's good manners: everything as it is written here, on a plain socket or with node:http. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** @param localAddress another address of this machine, for another client. */
export async function send(
  base: string,
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string | string[]> = {},
  localAddress?: string,
): Promise<Answer> {
  const { hostname, port } = new URL(base);
  const length =
    body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { hostname, port, method, path, localAddress, agent: false };
  const request = httpRequest({ ...options, headers: { ...length, ...headers } });
  request.end(body);
  const [response] = await once(request, 'response');
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString() };
}

/** A socket on which a test writes bytes and reads what comes. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that has come so far. */
  received = '';
  readonly #ended: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) => socket.once('close', () => resolve())); // `once` of events would throw its errors
  }

  /** @param localAddress another address of this machine, for another client. */
  static async connect(base: string, localAddress?: string): Promise<RawClient> {
    const { hostname, port } = new URL(base);
    const socket = connect({ port: Number(port), host: hostname, localAddress });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Resolves as soon as what has come matches. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.received.match(pattern);
      if (match !== null) return match;
      if (this.socket.destroyed) throw new Error(`closed before ${pattern} came; there came: ${this.received}`);
      await Promise.race([new Promise((resolve) => this.socket.once('data', resolve)), this.#ended]);
    }
  }

  /** Resolves with everything that came, when the other side has closed. */
  async closed(): Promise<string> {
    await this.#ended;
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A body in aws-chunked coding with its trailer. */
export function awsChunked(body: Buffer, trailer: string, chunkSize = 64 * 1024): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += chunkSize) {
    const chunk = body.subarray(at, at + chunkSize);
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`0\r\n${trailer}\r\n\r\n`));
  return Buffer.concat(pieces);
}

export const chunkedHeaders = (length: number, trailerName = 'x-amz-checksum-crc32'): Record<string, string> => ({
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': String(length),
  'x-amz-trailer': trailerName,
});
