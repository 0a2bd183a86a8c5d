/**
 * Requests of one connection are served in turn (RFC 9112, section 9.3.2): while one is under way, the next one waits with its
 * headers read, and the HTTP parser is paused behind them, so that a client that pipelines costs one request at a time. What it has
 * sent beyond stays as the bytes that it sent. node:http itself would begin all of them at once: see docs/decisions/turns.md for the
 * five things that are used here of its inside.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import type { RequestBody } from './request-body.ts';

/** The return value of a callback by which llhttp pauses behind the headers (llhttp, "on_headers_complete"; HPE_PAUSED). */
const PAUSE = 21;
const NOTHING = Buffer.alloc(0);

/** `upgrade`: whether bytes of another protocol may follow, as the parser has it. node:http reads it again behind the headers. */
type ParsedRequest = IncomingMessage & { upgrade?: boolean | null };

/** node:http's parser of a connection. */
interface Parser {
  onIncoming(request: ParsedRequest, keepAlive: boolean): number;
  resume(): void;
  execute(bytes: Buffer): unknown;
}

/** Null as soon as node:http has taken the parser away from the connection. */
type ParsedSocket = Duplex & { readonly parser?: Parser | null };

/** An error of the parser, as the event clientError has it. */
interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** @returns the turn of each connection. Weak for the garbage collector's sake alone: docs/decisions/short-lived-entries.md. */
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
  /** The request under way, and its body where somebody wants it. */
  #request: IncomingMessage | undefined;
  #body: RequestBody | undefined;
  #next: (() => void) | undefined;
  #afterwards: (() => void) | undefined;
  /** Bytes that came behind the headers of the request that waits. */
  #held: Buffer[] = [];
  #paused = false;
  #ended = false;
  /**
   * Whether nothing more is to be served. A request with `Upgrade` is the last: we ignore the upgrade (RFC 9110, section 7.8), but
   * llhttp stops behind its body, and node:http drops the rest of the read.
   */
  #closes = false;

  /** @param socket node:http has begun to listen to it. */
  constructor(server: Server, socket: ParsedSocket) {
    this.#server = server;
    this.#socket = socket;
    this.#read = socket.listeners('data').at(-1) as (bytes: Buffer) => void;
    this.#end = socket.listeners('end').at(-1) as () => void;
    socket.off('end', this.#end).on('end', this.#onEnd).on('resume', this.#onResume);
    const { parser } = socket;
    if (!parser) return;
    const { onIncoming } = parser;
    parser.onIncoming = (request, keepAlive) => {
      const upgrades = request.upgrade === true && request.method !== 'CONNECT';
      if (this.#isClosing) return drop(request);
      if (upgrades && this.#request !== undefined) return this.#refuseUpgrade(request);
      this.#closes = upgrades;
      const answer = onIncoming(request, keepAlive && !upgrades);
      return this.#next === undefined ? answer : PAUSE;
    };
  }

  /** The body of the request under way, while more of it is to come. */
  get body(): RequestBody | undefined {
    return this.#request?.complete ? undefined : this.#body;
  }

  /** Whether a request is under way that has come as a whole. */
  get isAnswering(): boolean {
    return this.#request?.complete === true;
  }

  /** A response with `Connection: close` is the last one, too. */
  get #isClosing(): boolean {
    return this.#closes || this.#socket.writableEnded;
  }

  /** Begins to serve the request: at once, or when the one before it is over. @param serve is told how many milliseconds it waited. */
  take(
    request: IncomingMessage,
    response: ServerResponse,
    serve: (waitedMillis: number) => RequestBody | undefined,
  ): void {
    const since = performance.now();
    const wait = (): void => this.#begin(request, response, () => serve(performance.now() - since));
    if (this.#request === undefined) this.#begin(request, response, () => serve(0));
    else this.#next = wait;
  }

  /** Runs when the request under way is over, instead of serving another; the first caller is heard. */
  afterwards(run: () => void): void {
    this.#afterwards ??= run;
  }

  /** What came behind the request that waits is kept for later. @returns whether this error is only the parser's pause. */
  heldBack({ code, rawPacket = NOTHING, bytesParsed = 0 }: ParserError): boolean {
    if (code !== 'HPE_PAUSED') return false;
    if (this.#isClosing) return true; // read and dropped: what stays unread might cost the client the response
    // Only at the first time it has parsed a part of them; TLS may have more to give than was asked for.
    const rest = this.#paused ? rawPacket : rawPacket.subarray(bytesParsed);
    this.#paused = true;
    this.#socket.pause();
    if (rest.length > 0) this.#held.push(rest);
    return true;
  }

  /** Such a request cannot wait: node:http reports no pause behind its headers, and what follows them is lost. */
  #refuseUpgrade(request: ParsedRequest): number {
    this.#closes = true;
    const failure = new Failure(
      'bad_request',
      'A request with Upgrade must wait for the response to the one before it.',
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
    this.#goOn();
  };

  #goOn(): void {
    const { parser } = this.#socket;
    if (!this.#paused || !parser) return;
    this.#paused = false;
    parser.resume();
    parser.execute(NOTHING); // a request without a body ends with its headers
    const bytes = Buffer.concat(this.#held.splice(0));
    if (bytes.length > 0) this.#read(bytes);
    if (this.#paused) return;
    if (this.#ended) this.#onEnd();
    this.#socket.resume();
  }

  /** node:http resumes a connection whenever somebody reads a body. */
  readonly #onResume = (): void => {
    if (this.#paused) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#paused) this.#ended = true;
    else if (this.#socket.parser && this.#afterwards === undefined) this.#end();
  };
}

/** node:http is not told of it; llhttp stays behind its headers. */
function drop(request: ParsedRequest): number {
  request.upgrade = false;
  return PAUSE;
}
