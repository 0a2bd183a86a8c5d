/** One HTTP exchange with a store over an undici Pool: a request goes out, an answer of bounded size comes back. */
import type { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { ChunkSigner } from '../domain/identity.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import { decodeContent, type UndecodableContent } from '../kit/decode-content.ts';
import { FairClock } from '../kit/fair-clock.ts';
import { oneValue } from './header-values.ts';

/** Object bytes on their way to the store; `length` is that of what is sent, in bytes. */
export type StoreBody =
  | Buffer
  | { readonly stream: CountedStream; readonly length: number }
  /** The same bytes each time it is sent. */
  | { readonly pieces: readonly Buffer[]; readonly length: number }
  | undefined;

export interface CountedStream extends Readable {
  /** Bytes that its reader has got so far. */
  readonly takenBytes: number;
  /** Of a body in signed chunks: called before its first byte is read. */
  signWith?(signer: ChunkSigner): void;
}

function streamOf(body: StoreBody): CountedStream | undefined {
  return body !== undefined && 'stream' in body ? body.stream : undefined;
}

type Taken = (piece: Buffer, isLast: boolean) => void;

/** @param taken is told of each of several pieces when the connection asks for it. */
function undiciBodyOf(body: StoreBody, taken: Taken): Buffer | Readable | null {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? null;
  // undici takes whatever can be iterated; its types know streams only.
  return 'stream' in body ? body.stream : (eachOf(body.pieces, taken) as unknown as Readable);
}

function* eachOf(pieces: readonly Buffer[], taken: Taken): Generator<Buffer> {
  for (const [i, piece] of pieces.entries()) {
    taken(piece, i === pieces.length - 1);
    yield piece;
  }
}

export interface ExchangeRequest {
  readonly method: 'PUT' | 'POST' | 'DELETE' | 'GET' | 'HEAD';
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly body: StoreBody;
  /** Told how many bytes of the body the connection took, once, when all is over; not where there is no body. */
  readonly sent: (bytes: number) => void;
  /** Ends the exchange when the client has gone: at once, or as `settles` says. */
  readonly signal: AbortSignal;
  /** A body of pieces that has wholly gone is not broken off any more: what the store does with it shall be known. */
  readonly settles?: boolean;
  /** Told of white space ahead of a document in a 200, with the headers that came before it. */
  readonly onWhiteSpace?: (headers: Readonly<Record<string, string>>) => void;
  /** Longest wait for a store that takes no more of the body, in milliseconds. */
  readonly stallTimeoutMillis: number;
  /** Longest wait for its answer, and between two pieces of it, in milliseconds. */
  readonly answerTimeoutMillis: number;
}

export interface StoreAnswer {
  readonly status: number;
  /** Lower-case names, each with one value; see header-values.ts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Longest wait for the answer to what settles, when nobody else waits for it, in milliseconds. */
const SETTLE_MILLIS = 2_000;

/**
 * CompleteMultipartUpload sends white space for minutes to keep the connection open: ahead of the document, or behind the XML
 * declaration, as MinIO does. A line end behind the declaration is not yet a sign that the document will take long.
 */
const BLANK = /^\s*(<\?xml[^>]*\?>\s*)?$/;
const WAITING = /^\s*<\?xml[^>]*\?>(?!\r?\n$)\s+$/;
/** The most bytes of all that. */
const LONGEST_DECLARATION = 200;

/** The largest answer that is read, in bytes: a ListParts page of 1,000 parts has a fifth of it. */
const MAX_ANSWER = FIXED_LIMITS.store_response_bytes;

/** @throws Failure store_unreachable, store_reset, store_timeout, store_invalid_answer, or whatever the body or the signal failed with. */
export function exchange(pool: Pool, request: ExchangeRequest): Promise<StoreAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler(request, resolve, reject);
    const options: Dispatcher.DispatchOptions = {
      method: request.method,
      path: request.path,
      headers: request.headers,
      body: undiciBodyOf(request.body, handler.taken),
      // The clocks are ours: undici's run while a slow client is still sending.
      headersTimeout: 0,
      bodyTimeout: request.answerTimeoutMillis,
    };
    try {
      pool.dispatch(options, handler);
    } catch (error) {
      handler.refused(error as Error);
    }
  });
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (answer: StoreAnswer) => void;
  readonly #reject: (failure: Failure) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** Runs from the moment at which the request is on its way: who waits for a connection waits for us. */
  #clock: FairClock | undefined;
  /** Why nobody waits for the answer any more. */
  #givenUp: Failure | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #body = new BoundedBuffer(MAX_ANSWER);
  #lacksPieces: boolean;
  #sentBytes = 0;
  #isOver = false;

  constructor(request: ExchangeRequest, resolve: (answer: StoreAnswer) => void, reject: (failure: Failure) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#lacksPieces = request.body !== undefined && 'pieces' in request.body && request.body.pieces.length > 0;
    const stream = streamOf(request.body);
    stream?.on('pause', this.#awaitTaking).on('resume', this.#stopClock).once('end', this.#awaitAnswer);
    request.signal.addEventListener('abort', this.#clientGone, { once: true });
  }

  /** The request could not even be written. */
  refused(error: Error): void {
    this.#settle();
    this.#reject(new Failure('internal_error', undefined, { cause: error }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (streamOf(this.#request.body) === undefined) this.#awaitAnswer();
    if (Buffer.isBuffer(this.#request.body)) this.#sentBytes = this.#request.body.length;
    // What was given up while the connection was being made may not reach the store after all.
    if (this.#givenUp !== undefined) controller.abort(this.#givenUp);
    else if (this.#request.signal.aborted) this.#clientGone();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: NodeJS.Dict<string | string[]>): void {
    if (status < 200) return;
    this.#stopClock();
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.#headers[name] = oneValue(name, value);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    const isFree = this.#body.length <= LONGEST_DECLARATION && this.#headers['content-encoding'] === undefined;
    // White space behind a declaration is not kept either: there may be much of it.
    const means = !(isFree && isWhiteSpace(bytes) && BLANK.test(this.#start));
    if (means && !this.#body.add(bytes)) controller.abort(tooLarge());
    if (isFree && this.#status === 200 && (!means || WAITING.test(this.#start)))
      this.#request.onWhiteSpace?.(this.#headers);
  }

  /** Of the document, long enough for a declaration. */
  get #start(): string {
    return this.#body.bytes.toString('latin1', 0, LONGEST_DECLARATION + 1);
  }

  onResponseEnd(): void {
    this.#settle();
    if (this.#lacksPieces && this.#status < 300) {
      this.#reject(new Failure('store_invalid_answer', 'The store said yes before it had the whole object.'));
      return;
    }
    try {
      this.#resolve({ status: this.#status, headers: this.#headers, body: this.#document().trimStart() });
    } catch (thrown) {
      this.#reject(thrown as Failure);
    }
  }

  /** Decoded; the headers of a response to HEAD describe the object. @throws Failure store_invalid_answer */
  #document(): string {
    const { 'content-encoding': codings } = this.#headers;
    try {
      return decodeContent(this.#body.bytes, codings, MAX_ANSWER).toString('utf8');
    } catch (thrown) {
      if (this.#status >= 300) return ''; // the status says enough
      throw undecodable(thrown as UndecodableContent);
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#settle();
    this.#reject(asStoreFailure(error));
  }

  readonly taken: Taken = (piece, isLast) => {
    this.#sentBytes += piece.length;
    this.#lacksPieces = !isLast;
    if (isLast) this.#awaitAnswer();
    else this.#awaitTaking();
  };

  /** All has been sent. */
  readonly #awaitAnswer = (): void => this.#await(this.#request.answerTimeoutMillis, 'no_answer');

  /** There is more, and the store takes none of it. */
  readonly #awaitTaking = (): void => this.#await(this.#request.stallTimeoutMillis, 'takes_nothing');

  #await(millis: number, reason: string): void {
    this.#stopClock();
    // A piece may still be taken when all is over: undici looks before each whether it is to go on, not after.
    if (this.#status !== 0 || this.#isOver) return;
    this.#clock = new FairClock(millis, () => this.#abort(new Failure('store_timeout', undefined, { reason })));
  }

  readonly #stopClock = (): void => this.#clock?.stop();

  readonly #clientGone = (): void => {
    // What is cut before its last piece cannot be whole at the store. What is cut after it may be kept, and no one would know.
    if (this.#request.settles && !this.#lacksPieces) this.#await(SETTLE_MILLIS, 'no_answer');
    else this.#abort(whyUnwanted(this.#request.signal));
  };

  #abort(failure: Failure): void {
    this.#givenUp = failure;
    this.#controller?.abort(failure);
    this.#settle();
    this.#reject(failure); // a second settlement of the promise is ignored
  }

  #settle(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopClock();
    const { body, sent } = this.#request;
    if (body !== undefined) sent(streamOf(body)?.takenBytes ?? this.#sentBytes);
    this.#request.signal.removeEventListener('abort', this.#clientGone);
    const stream = streamOf(this.#request.body);
    stream?.off('pause', this.#awaitTaking).off('resume', this.#stopClock).off('end', this.#awaitAnswer);
  }
}

const tooLarge = (): Failure => new Failure('store_invalid_answer', "The store's answer is too large.");

function undecodable({ isTooLarge, message }: UndecodableContent): Failure {
  return isTooLarge
    ? tooLarge()
    : new Failure('store_invalid_answer', undefined, { detail: `Of its body: ${message}.` });
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TIMED_OUT = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const INVALID = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);

function asStoreFailure(error: Error): Failure {
  if (error instanceof Failure) return error;
  const code = errorCode(error);
  if (UNREACHABLE.has(code) || /^(ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return new Failure('store_unreachable', undefined, {
      cause: error,
      detail: `No connection to the store: ${code}.`,
    });
  }
  if (TIMED_OUT.has(code)) return new Failure('store_timeout', undefined, { cause: error });
  if (INVALID.has(code) || code.startsWith('HPE_'))
    return new Failure('store_invalid_answer', undefined, { cause: error });
  return new Failure('store_reset', undefined, { cause: error });
}

/** The code of an error, or of the first error inside one that stands for several connection attempts. */
function errorCode(error: Error): string {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  if (typeof code === 'string') return code;
  return errors?.[0] instanceof Error ? errorCode(errors[0]) : error.name;
}

function isWhiteSpace(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
