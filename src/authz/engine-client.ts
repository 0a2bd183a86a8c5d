/**
 * Calls to one policy engine: kept connections, no more of them than questions at once; one deadline for the whole of a call, from the
 * moment at which it is sent; no redirects, a bounded answer.
 */
import { type Dispatcher, Pool } from 'undici';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { errorCode, isUnreachable } from '../kit/connection-error.ts';
import { UNCODED, UndecodableContent } from '../kit/decode-content.ts';
import { FairClock } from '../kit/fair-clock.ts';
import { ResponseBody } from '../kit/response-body.ts';
import { EngineError, type EngineTrouble } from './trouble.ts';

/** Bytes of an answer: a decision with its reason takes a few hundred. */
const MAX_ANSWER = FIXED_LIMITS.engine_response_bytes;

export interface EngineClientOptions {
  readonly url: string;
  readonly timeout_seconds: number;
  /** Connections. */
  readonly max_concurrent: number;
  /** Sent as bearer token. */
  readonly token?: string | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  /** The document that came, parsed. */
  readonly document: unknown;
}

export class EngineClient {
  /** Of all paths; without a slash at its end. */
  readonly url: URL;
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #timeoutMillis: number;
  readonly #headers: readonly string[];

  constructor({ url, timeout_seconds, max_concurrent, token }: EngineClientOptions) {
    this.url = new URL(url);
    this.#basePath = this.url.pathname.replace(/\/$/, '');
    this.#timeoutMillis = timeout_seconds * 1000;
    this.#headers = [
      'content-type',
      'application/json',
      ...UNCODED,
      ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ];
    this.#pool = new Pool(this.url.origin, {
      connect: { timeout: this.#timeoutMillis },
      connections: max_concurrent,
      pipelining: 1,
      allowH2: false,
    });
  }

  /** @throws EngineError for everything that is not a 200 with a JSON document. */
  post(path: string, body: string, headers: readonly string[]): Promise<EngineAnswer> {
    return new Promise((resolve, reject) => {
      const handler = new AnswerHandler(this.#timeoutMillis, resolve, reject);
      const options: Dispatcher.DispatchOptions = {
        method: 'POST',
        path: this.#basePath + path,
        body,
        headers: [...this.#headers, ...headers],
        // One clock for all of it, ours.
        headersTimeout: 0,
        bodyTimeout: 0,
      };
      this.#pool.dispatch(options, handler);
    });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Takes one answer. undici's `request` would make a stream of it first, at more than the cost of the rest of the call. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: EngineAnswer) => void;
  readonly #reject: (error: EngineError) => void;
  readonly #timeoutMillis: number;
  /** Runs as soon as the question is sent. */
  #clock: FairClock | undefined;
  readonly #body = new ResponseBody(MAX_ANSWER);
  #controller: Dispatcher.DispatchController | undefined;
  /** Of the newest head that has come. */
  #status: number | undefined;
  #codings: string | undefined;
  #over = false;

  constructor(timeoutMillis: number, resolve: (answer: EngineAnswer) => void, reject: (error: EngineError) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timeoutMillis = timeoutMillis;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#clock = new FairClock(this.#timeoutMillis, () => this.#giveUp('engine_timeout'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: NodeJS.Dict<string | string[]>): void {
    this.#status = status;
    this.#codings = headers['content-encoding']?.toString();
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    if (!this.#body.add(bytes)) this.#giveUp('engine_answer_too_large');
  }

  onResponseEnd(): void {
    this.#settle(() => {
      const status = this.#status as number;
      this.#resolve({ status, document: documentOf(status, this.#text()) });
    });
  }

  #text(): string {
    try {
      return this.#body.text(this.#codings);
    } catch (cause) {
      const isTooLarge = cause instanceof UndecodableContent && cause.isTooLarge;
      const trouble = isTooLarge ? 'engine_answer_too_large' : 'engine_answer_not_json';
      throw new EngineError(trouble, { status: this.#status, cause });
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(troubleOf(error), error, !OURS.has(errorCode(error)));
  }

  #giveUp(trouble: EngineTrouble): void {
    this.#fail(trouble);
    this.#controller?.abort(new Error(trouble));
  }

  #fail(trouble: EngineTrouble, cause?: Error, engineIsUnwell = true): void {
    this.#settle(() => {
      throw new EngineError(trouble, { status: this.#status, cause, engineIsUnwell });
    });
  }

  #settle(outcome: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#clock?.stop();
    try {
      outcome();
    } catch (error) {
      this.#reject(error as EngineError);
    }
  }
}

/** The document of an answer. @throws EngineError for everything that is not a 200 with JSON. */
export function documentOf(status: number, text: string): unknown {
  if (status >= 300 && status < 400) throw new EngineError('engine_redirected', { status });
  if (status >= 400 && status < 500 && status !== 429) throw new EngineError('engine_refused', { status });
  if (status !== 200) throw new EngineError('engine_failed', { status, engineIsUnwell: !failedAtQuestion(text) });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('engine_answer_not_json', { status, cause });
  }
}

/**
 * OPA answers 500 where its rules contradict each other for this very question (REST API, "Errors"). It is well: else whoever
 * finds such a question could open the breaker for everybody.
 */
function failedAtQuestion(text: string): boolean {
  return /"code":\s*"eval_[a-z_]+"/.test(text);
}

/** This machine has no file, port or memory left for a connection: the engine may be well. */
const OURS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

function troubleOf(error: Error): EngineTrouble {
  const code = errorCode(error);
  return isUnreachable(code) || OURS.has(code) ? 'engine_unreachable' : 'engine_reset';
}
