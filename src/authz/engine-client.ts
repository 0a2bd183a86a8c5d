/** Calls to one policy engine: kept connections, one deadline for the whole of a call, no redirects, a bounded answer. */
import { type Dispatcher, Pool } from 'undici';
import { EngineError, type EngineTrouble } from './trouble.ts';

/** Bytes of an answer: a decision with its reason takes a few hundred. */
const MAX_ANSWER = 64 * 1024;

export interface EngineClientOptions {
  readonly url: string;
  readonly timeout_seconds: number;
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

  constructor({ url, timeout_seconds, token }: EngineClientOptions) {
    this.url = new URL(url);
    this.#basePath = this.url.pathname.replace(/\/$/, '');
    this.#timeoutMillis = timeout_seconds * 1000;
    this.#headers = [
      'content-type',
      'application/json',
      ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ];
    this.#pool = new Pool(this.url.origin, {
      connect: { timeout: this.#timeoutMillis },
      pipelining: 1,
      allowH2: false,
    });
  }

  /** @throws EngineError for everything that is not a 200 with a JSON document. */
  async post(path: string, body: string, headers: readonly string[]): Promise<EngineAnswer> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new EngineError('engine_timeout')), this.#timeoutMillis);
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: this.#basePath + path,
        body,
        headers: [...this.#headers, ...headers],
        signal: deadline.signal,
      });
      const text = await readText(answer.body);
      return { status: answer.statusCode, document: understand(answer.statusCode, text) };
    } catch (error) {
      if (deadline.signal.aborted) throw new EngineError('engine_timeout', { cause: error });
      throw error instanceof EngineError ? error : new EngineError(troubleOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_ANSWER) throw new EngineError('engine_answer_too_large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function understand(status: number, text: string): unknown {
  if (status >= 300 && status < 400) throw new EngineError('engine_redirected', { status });
  if (status >= 400 && status < 500 && status !== 429) throw new EngineError('engine_refused', { status });
  if (status !== 200) throw new EngineError('engine_failed', { status });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('engine_answer_not_json', { status, cause });
  }
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function troubleOf(error: unknown): EngineTrouble {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  return UNREACHABLE.has(code ?? errors?.[0]?.code ?? '') ? 'engine_unreachable' : 'engine_reset';
}
