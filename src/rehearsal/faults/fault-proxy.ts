/**
 * A proxy in front of a store that cuts, stalls, corrupts and lies on command, so that whoever runs the gateway can rehearse what
 * their uploads do then. It passes on the Host as it came: the store verifies the gateway's signature as if nobody stood between.
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
import { FaultChooser, type Wayfarer, wayfarerOf } from './fault-chooser.ts';
import { disturbed } from './faulty-body.ts';

export interface FaultProxyOptions {
  /** URL of the store: http, host and port. */
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly faults: readonly FaultRule[];
  readonly seed: number;
  /** Told of each request, and the fault that it meets. */
  readonly onRequest?: (wayfarer: Wayfarer, fault: FaultRule | undefined) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** From now on these, counted anew. */
  plan(faults: readonly FaultRule[]): void;
  /** Cuts what is under way. */
  close(): Promise<void>;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be had. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  let chooser = new FaultChooser(options.faults, options.seed);
  const agent = new Agent({ keepAlive: true });
  const stale = new WeakSet<Socket>();
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (stale.has(request.socket)) return request.socket.resetAndDestroy();
    const wayfarer = wayfarerOf(request.method ?? '', request.url ?? '');
    const fault = chooser.choose(wayfarer);
    options.onRequest?.(wayfarer, fault);
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

/** One request on its way. */
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

  /** @returns an answer of our own; undefined where the way goes on. */
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
    throw new Error('cut on command');
  }

  /** Ends early, and for good, where the other side has gone. */
  async #stall(seconds: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = seconds > 0 ? setTimeout(resolve, seconds * 1000) : undefined;
      this.#response.once('close', () => {
        clearTimeout(timer);
        reject(new Error('the other side has gone'));
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
    let isAnswered = false; // by a store that has seen enough: the rest of the body is read, and goes nowhere
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

  /** As CompleteMultipartUpload does it while it works: 200 at once, and what has come of it in the end. */
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
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>A fault on command.</Message></Error>`,
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
