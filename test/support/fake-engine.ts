/** A policy engine on a real socket, OPA and OpenFGA in one: remembers what it was asked, allows everything, and misbehaves on command. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AskedQuestion {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a document whose members tests name
  readonly body: any;
}

export class FakeEngine {
  readonly questions: AskedQuestion[] = [];
  /** Answers instead, when the question has been read. */
  behaviour: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    // It is the other side that ends idle connections.
    this.#server.keepAliveTimeout = 0;
  }

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await new Promise<void>((resolve) => engine.#server.listen(0, '127.0.0.1', resolve));
    return engine;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { url: path = '', headers } = request;
    this.questions.push({ path, headers, body: JSON.parse(Buffer.concat(pieces).toString()) });
    if (this.behaviour !== undefined) this.behaviour(request, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":true,"allowed":true}');
  }
}
