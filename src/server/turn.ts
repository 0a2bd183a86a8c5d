/**
 * Requests of one connection are served one at a time (RFC 9112, section 9.3.2), so that a client that pipelines costs one request
 * at a time. During a request, the next one waits with parsed headers, and the HTTP parser is paused after them. Further bytes
 * are buffered unparsed. node:http itself would start all requests at once: docs/decisions/turns.md lists the six internals
 * of node:http that this file uses.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import type { Arrival } from './arrival.ts';
import type { RequestBody } from './request-body.ts';

/** The return value with which llhttp pauses after the headers (llhttp, "on_headers_complete"; HPE_PAUSED). */
const PAUSE = 21;
const NOTHING = Buffer.alloc(0);

/** `upgrade`: whether the parser expects another protocol to follow. node:http reads it again after the headers. */
type ParsedRequest = IncomingMessage & { upgrade?: boolean | null };

/** Where the parser has its callback for the first byte of a message (`kOnMessageBegin`); node:http leaves it empty. */
const MESSAGE_BEGINS = 0;

/** The node:http parser of a connection. */
interface Parser {
  [MESSAGE_BEGINS]?: (() => void) | null;
  onIncoming(request: ParsedRequest, keepAlive: boolean): number;
  resume(): void;
  execute(bytes: Buffer): unknown;
}

/** Null after node:http has detached the parser from the connection. */
type ParsedSocket = Duplex & { readonly parser?: Parser | null };

/** A parser error, as in the event clientError. */
interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** @returns the turn of a connection. The WeakMap only helps the garbage collector: docs/decisions/short-lived-entries.md. */
export function serveInTurn(server: Server, event: 'connection' | 'secureConnection'): (socket: Duplex) => Turn {
  const turns = new WeakMap<Duplex, Turn>();
  const turnOf = (socket: Duplex): Turn => {
    let turn = turns.get(socket);
    if (turn === undefined) turns.set(socket, (turn = new Turn(server, socket)));
    return turn;
  };
  server.on(event, turnOf);
  return turnOf;
}

export class Turn {
  readonly #server: Server;
  readonly #socket: ParsedSocket;
  readonly #read: (bytes: Buffer) => void;
  readonly #end: () => void;
  /** The current request, and its body if it has one. */
  #request: IncomingMessage | undefined;
  #body: RequestBody | undefined;
  #next: (() => void) | undefined;
  /** When the first byte of the request whose headers are incomplete was read, as `performance.now()`. */
  #begunAt: number | undefined;
  #afterwards: (() => void) | undefined;
  /** Bytes after the headers of the waiting request. */
  #buffered: Buffer[] = [];
  #paused = false;
  #ended = false;
  /**
   * Whether no further request is served. A request with `Upgrade` is the last one: the upgrade is ignored (RFC 9110, section 7.8),
   * but llhttp stops after its body, and node:http drops the rest of the read.
   */
  #closes = false;

  /** @param socket already has the listeners of node:http. */
  constructor(server: Server, socket: ParsedSocket) {
    this.#server = server;
    this.#socket = socket;
    this.#read = socket.listeners('data').at(-1) as (bytes: Buffer) => void;
    this.#end = socket.listeners('end').at(-1) as () => void;
    socket.off('end', this.#end).on('end', this.#onEnd).on('resume', this.#onResume);
    const { parser } = socket;
    if (!parser) return;
    parser[MESSAGE_BEGINS] = () => {
      this.#begunAt = performance.now();
    };
    const { onIncoming } = parser;
    parser.onIncoming = (request, keepAlive) => {
      const upgrades = request.upgrade === true && request.method !== 'CONNECT';
      if (this.#isClosing) return drop(request);
      if (upgrades && this.#request !== undefined) return this.#refuseUpgrade(request);
      this.#closes = upgrades;
      const result = onIncoming(request, keepAlive && !upgrades);
      return this.#next === undefined ? result : PAUSE;
    };
  }

  /** The body of the current request, if it is incomplete. */
  get body(): RequestBody | undefined {
    return this.#request?.complete ? undefined : this.#body;
  }

  /** Whether the current request has been received completely. */
  get isComplete(): boolean {
    return this.#request?.complete === true;
  }

  /** When the first byte of the request whose headers are incomplete was read, as `performance.now()`. */
  get begunAt(): number | undefined {
    return this.#begunAt;
  }

  /** A response with `Connection: close` is also the last one. */
  get #isClosing(): boolean {
    return this.#closes || this.#socket.writableEnded;
  }

  /** Serves the request now, or after the current one. */
  take(request: IncomingMessage, response: ServerResponse, serve: (arrival: Arrival) => RequestBody | undefined): void {
    const since = performance.now();
    const startedAt = this.#begunAt ?? since;
    this.#begunAt = undefined;
    const headersMillis = since - startedAt;
    const begin = (turnMillis: number): void =>
      this.#begin(request, response, () => serve({ startedAt, headersMillis, turnMillis }));
    if (this.#request === undefined) begin(0);
    else this.#next = () => begin(performance.now() - since);
  }

  /** Runs after the current request, instead of serving another one. Only the first call has an effect. */
  afterwards(run: () => void): void {
    this.#afterwards ??= run;
  }

  /** Buffers the bytes after the waiting request. @returns whether the error is only the pause of the parser. */
  isPause({ code, rawPacket = NOTHING, bytesParsed = 0 }: ParserError): boolean {
    if (code !== 'HPE_PAUSED') return false;
    if (this.#isClosing) return true; // read and dropped: unread bytes could reset the connection before the client gets the response
    // The parser has consumed some of the bytes only the first time; TLS can deliver more than was read.
    const rest = this.#paused ? rawPacket : rawPacket.subarray(bytesParsed);
    this.#paused = true;
    this.#socket.pause();
    if (rest.length > 0) this.#buffered.push(rest);
    return true;
  }

  /** Such a request cannot wait: node:http does not report a pause after its headers, and drops the bytes after them. */
  #refuseUpgrade(request: ParsedRequest): number {
    this.#closes = true;
    const failure = new Failure(
      'bad_request',
      'A request with Upgrade was pipelined. Wait for the previous response before sending it.',
    );
    this.#server.emit('clientError', failure, this.#socket);
    return drop(request);
  }

  #begin(request: IncomingMessage, response: ServerResponse, serve: () => RequestBody | undefined): void {
    this.#request = request;
    response.once('close', this.#over);
    this.#body = serve();
  }

  readonly #over = (): void => {
    this.#request = undefined;
    this.#body = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    (next ?? this.#afterwards)?.();
    this.#resume();
  };

  #resume(): void {
    const { parser } = this.#socket;
    if (!this.#paused || !parser) return;
    this.#paused = false;
    parser.resume();
    parser.execute(NOTHING); // a request without a body ends with its headers
    const bytes = Buffer.concat(this.#buffered.splice(0));
    if (bytes.length > 0) this.#read(bytes);
    if (this.#paused) return;
    if (this.#ended) this.#onEnd();
    this.#socket.resume();
  }

  /** node:http resumes the connection whenever a body is read. */
  readonly #onResume = (): void => {
    if (this.#paused) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#paused) this.#ended = true;
    else if (this.#socket.parser && this.#afterwards === undefined) this.#end();
  };
}

/** node:http does not see the request; llhttp stays paused after its headers. */
function drop(request: ParsedRequest): number {
  request.upgrade = false;
  return PAUSE;
}
