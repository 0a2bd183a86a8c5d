/**
 * Calls to one policy engine over keep-alive connections, at most as many as concurrent queries. One deadline for a whole call, from
 * the moment at which it is sent; no redirects; a bounded response.
 */
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { ConnectionFailed, errorCode, namingFailures } from '../kit/connection-error.ts';
import { timed } from '../kit/connection-timing.ts';
import { UNCODED, UndecodableContent } from '../kit/decode-content.ts';
import { FairClock } from '../kit/fair-clock.ts';
import { PendingConnections } from '../kit/pending-connections.ts';
import { ResponseBody } from '../kit/response-body.ts';
import { ConnectionWatch, type TakeConnection } from '../kit/used-connection.ts';
import { EngineError, type EngineProblem } from './engine-error.ts';

/** Bytes of a response: a decision with its reason takes a few hundred. */
const MAX_RESPONSE = FIXED_LIMITS.engine_response_bytes;

/** Whether the body of an error response is about this query only: the engine itself is available. */
export type IsQueryError = (body: string) => boolean;

export interface EngineClientOptions {
  readonly url: string;
  readonly timeout_seconds: number;
  /** Connections. */
  readonly max_concurrent: number;
  /** Sent as bearer token. */
  readonly token?: string | undefined;
}

export interface EngineResponse {
  readonly status: number;
  /** The parsed document of the response. */
  readonly document: unknown;
}

export class EngineClient {
  readonly #isQueryError: IsQueryError;
  /** Of all paths; without a slash at its end. */
  readonly url: URL;
  readonly #pool: Pool;
  readonly #pending = new PendingConnections();
  readonly #basePath: string;
  readonly #timeoutMillis: number;
  readonly #headers: readonly string[];

  constructor(
    { url, timeout_seconds, max_concurrent, token }: EngineClientOptions,
    isQueryError: IsQueryError = () => false,
  ) {
    this.#isQueryError = isQueryError;
    this.url = new URL(url);
    this.#basePath = this.url.pathname.replace(/\/$/, '');
    this.#timeoutMillis = timeout_seconds * 1000;
    this.#headers = [
      'content-type',
      'application/json',
      ...UNCODED,
      ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ];
    const connect = buildConnector({ timeout: this.#timeoutMillis, allowH2: false });
    this.#pool = new Pool(this.url.origin, {
      connect: namingFailures(timed(this.#pending.track(connect))),
      // Also here: a pool that might speak HTTP/2 makes one connection at a time until the first is there.
      allowH2: false,
      connections: max_concurrent,
      pipelining: 1,
    });
  }

  /**
   * @param connected is called with the connection; undefined without a recorded span.
   * @throws EngineError for everything that is not a 200 with a JSON document.
   */
  post(path: string, body: string, headers: readonly string[], connected?: TakeConnection): Promise<EngineResponse> {
    return new Promise((resolve, reject) => {
      const watch = connected && new ConnectionWatch(connected);
      const handler = new ResponseHandler(this.#timeoutMillis, this.#isQueryError, watch, resolve, reject);
      const options: Dispatcher.DispatchOptions = {
        method: 'POST',
        path: this.#basePath + path,
        body,
        headers: [...this.#headers, ...headers],
        // The deadline of the whole call replaces both.
        headersTimeout: 0,
        bodyTimeout: 0,
      };
      this.#pool.dispatch(options, handler);
      watch?.dispatched();
    });
  }

  close(): Promise<void> {
    this.#pending.destroy();
    return this.#pool.destroy();
  }
}

/** Reads one response. undici's `request` would create a stream first, which costs more than the rest of the call. */
class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: EngineResponse) => void;
  readonly #reject: (error: EngineError) => void;
  readonly #timeoutMillis: number;
  readonly #isQueryError: IsQueryError;
  readonly #watch: ConnectionWatch | undefined;
  /** Runs from the moment at which the query is sent. */
  #clock: FairClock | undefined;
  readonly #body = new ResponseBody(MAX_RESPONSE);
  #controller: Dispatcher.DispatchController | undefined;
  /** Of the latest response headers. */
  #status: number | undefined;
  #codings: string | undefined;
  #over = false;

  constructor(
    timeoutMillis: number,
    isQueryError: IsQueryError,
    watch: ConnectionWatch | undefined,
    resolve: (answer: EngineResponse) => void,
    reject: (error: EngineError) => void,
  ) {
    this.#isQueryError = isQueryError;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timeoutMillis = timeoutMillis;
    this.#watch = watch;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#watch?.started();
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
      this.#resolve({ status, document: documentOf(status, this.#text(), this.#isQueryError) });
    });
  }

  #text(): string {
    try {
      return this.#body.text(this.#codings);
    } catch (cause) {
      const isTooLarge = cause instanceof UndecodableContent && cause.isTooLarge;
      const problem = isTooLarge ? 'engine_answer_too_large' : 'engine_answer_not_json';
      throw new EngineError(problem, { status: this.#status, cause });
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(problemOf(error), error, !OURS.has(errorCode(error)));
  }

  #giveUp(problem: EngineProblem): void {
    this.#fail(problem);
    this.#controller?.abort(new Error(problem));
  }

  #fail(problem: EngineProblem, cause?: Error, engineFailed = true): void {
    this.#settle(() => {
      throw new EngineError(problem, { status: this.#status, cause, engineFailed });
    }, cause);
  }

  #settle(outcome: () => void, error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.end(error);
    this.#clock?.stop();
    try {
      outcome();
    } catch (error) {
      this.#reject(error as EngineError);
    }
  }
}

/** The document of a response. @throws EngineError for everything that is not a 200 with JSON. */
export function documentOf(status: number, text: string, isQueryError: IsQueryError = () => false): unknown {
  if (status >= 300 && status < 400) throw new EngineError('engine_redirected', { status });
  if (status >= 400 && status < 500 && status !== 429) throw new EngineError('engine_refused', { status });
  if (status !== 200) throw new EngineError('engine_failed', { status, engineFailed: !isQueryError(text) });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('engine_answer_not_json', { status, cause });
  }
}

/** This host has no file, port or memory left for a connection: the engine itself may be available. */
const OURS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

function problemOf(error: Error): EngineProblem {
  const code = errorCode(error);
  return error instanceof ConnectionFailed || OURS.has(code) ? 'engine_unreachable' : 'engine_reset';
}
