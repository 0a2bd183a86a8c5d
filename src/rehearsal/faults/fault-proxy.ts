/**
 * A proxy in front of a store that resets, stalls, corrupts and changes responses, to test how uploads behave then. It forwards
 * Host unchanged, so the store can verify the signature of the gateway.
 */
import {
  Agent,
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { FaultRule } from '../../config/faults.ts';
import { FaultChooser, type ProxiedRequest, proxiedRequestOf } from './fault-chooser.ts';
import { disturbed } from './faulty-body.ts';

export interface FaultProxyOptions {
  /** URL of the store: http, host and port. */
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly faults: readonly FaultRule[];
  readonly seed: number;
  /** Called for each request, with its fault. */
  readonly onRequest?: (proxied: ProxiedRequest, fault: FaultRule | undefined) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** Replaces the faults, and resets their counters. */
  plan(faults: readonly FaultRule[]): void;
  /** Aborts requests in progress. */
  close(): Promise<void>;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address is unavailable. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  let chooser = new FaultChooser(options.faults, options.seed);
  const agent = new Agent({ keepAlive: true });
  const stale = new WeakSet<Socket>();
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (stale.has(request.socket)) return request.socket.resetAndDestroy();
    const proxied = proxiedRequestOf(request.method ?? '', request.url ?? '');
    const fault = chooser.choose(proxied);
    options.onRequest?.(proxied, fault);
    if (fault?.do === 'stale') stale.add(request.socket);
    const way = new Way(request, response, fault, { store: new URL(options.store), agent });
    way.go().catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  return {
    url: urlOf(server),
    plan: (faults) => void (chooser = new FaultChooser(faults, options.seed)),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

/** One proxied request. */
class Way {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #fault: FaultRule | undefined;
  readonly #to: { readonly store: URL; readonly agent: Agent };

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    fault: FaultRule | undefined,
    to: { readonly store: URL; readonly agent: Agent },
  ) {
    this.#request = request.on('error', ignore);
    this.#response = response.on('error', ignore);
    this.#fault = fault;
    this.#to = to;
  }

  async go(): Promise<void> {
    const own = await this.#happen('head');
    const answer = own ?? (await this.#forward());
    const instead = await this.#happen('answer');
    this.#answer(instead ?? answer);
  }

  /** @returns a response from the proxy itself; undefined to continue. */
  async #happen(at: 'head' | 'body' | 'answer'): Promise<Answer | undefined> {
    const fault = this.#fault;
    if (fault === undefined || fault.at !== at) return undefined;
    if (fault.do === 'reset') this.#cut();
    if (fault.do === 'stall') await this.#stall(fault.seconds);
    if (fault.do !== 'error') return undefined;
    this.#request.resume();
    return errorAnswer(fault);
  }

  #cut(): never {
    this.#request.socket.resetAndDestroy();
    throw new Error('connection reset by a fault');
  }

  /** Ends early if the other side has disconnected. */
  async #stall(seconds: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = seconds > 0 ? setTimeout(resolve, seconds * 1000) : undefined;
      this.#response.once('close', () => {
        clearTimeout(timer);
        reject(new Error('the other side has disconnected'));
      });
    });
  }

  async #forward(): Promise<Answer> {
    const { method, url: path, rawHeaders: headers } = this.#request;
    const { store, agent } = this.#to;
    const outgoing = forward({ hostname: store.hostname, port: store.port, method, path, headers, agent });
    const answered = new Promise<Answer>((resolve, reject) => {
      outgoing.once('error', reject).once('response', (answer) => void collect(answer).then(resolve, reject));
    });
    let isAnswered = false; // by a store that responds early: the rest of the body is read and dropped
    const whenAnswered = answered.then(ignore, ignore).then(() => void (isAnswered = true));
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) outgoing.destroy();
    });
    let own: Answer | undefined;
    for await (const piece of disturbed(this.#request, this.#fault)) {
      if (piece === 'now') own = await this.#happen('body');
      else if (own === undefined && !isAnswered && !outgoing.write(piece))
        await Promise.race([new Promise((resolve) => outgoing.once('drain', resolve)), whenAnswered]);
    }
    if (own === undefined) outgoing.end();
    else outgoing.destroy();
    return own ?? answered;
  }

  #answer({ status, headers, body }: Answer): void {
    const fault = this.#fault;
    const sent = fault?.do === 'change_header' ? changed(headers, fault) : headers;
    if (fault?.do === 'half_answer') this.#half({ status, headers: sent, body });
    else if (fault?.do === 'white_space') this.#spaced(body, fault.seconds);
    else this.#response.writeHead(status, sent).end(body);
  }

  #half({ status, headers, body }: Answer): void {
    const head = [`HTTP/1.1 ${status} x`];
    for (let i = 0; i < headers.length; i += 2) head.push(`${headers[i]}: ${headers[i + 1]}`);
    const whole = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
    this.#request.socket.end(whole.subarray(0, whole.length / 2));
  }

  /** Like CompleteMultipartUpload: status 200 at once, and the result at the end. */
  #spaced(body: Buffer, seconds: number): void {
    this.#response.writeHead(200, { 'content-type': 'application/xml' });
    const spaces = setInterval(() => this.#response.write(' '), 100);
    const end = setTimeout(() => {
      clearInterval(spaces);
      this.#response.end(body);
    }, seconds * 1000);
    this.#response.once('close', () => {
      clearInterval(spaces);
      clearTimeout(end);
    });
  }
}

function errorAnswer({ status, code, location }: FaultRule): Answer {
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Injected fault.</Message></Error>`,
  );
  const headers = ['content-type', 'application/xml', 'content-length', String(body.length)];
  if (location !== undefined) headers.push('location', location);
  return { status, headers, body };
}

function changed(headers: readonly string[], { header, value }: FaultRule): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== header.toLowerCase()) kept.push(headers[i]!, headers[i + 1]!);
    else if (value !== undefined) kept.push(headers[i]!, value);
  }
  return kept;
}

async function collect(answer: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return { status: answer.statusCode ?? 502, headers: answer.rawHeaders, body: Buffer.concat(pieces) };
}

const ignore = (): void => {};
