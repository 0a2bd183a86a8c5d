/** What the page knows of the gateway: documents that arrive as events, the connection that they arrive on, and its reconnects. */
import type { HealthDocument, TracesDocument, UploadsDocument, ViewDocument } from '../../src/view/documents.ts';
import { get, getJson, hasToken, Unauthorized } from './api.ts';
import { serverEvents, textOf } from './event-stream.ts';
import { addRequests } from './recent-requests.ts';
import { addPoint, NO_SERIES, type Series } from './series.ts';

export type Connection =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'waiting'; readonly seconds: number }
  | { readonly state: 'unauthorized'; readonly isRefused: boolean };

/** A lost connection, until the page has one again. */
export interface Loss {
  readonly problem: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

export interface Live {
  readonly connection: Connection;
  readonly loss: Loss | undefined;
  readonly view: ViewDocument | undefined;
  readonly uploads: UploadsDocument | undefined;
  readonly traces: TracesDocument | undefined;
  readonly health: HealthDocument | undefined;
  readonly series: Series;
}

/** The gateway sends at least one event each second: after this silence the connection is lost. */
const SILENCE_MILLIS = 15_000;
const RETRY_SECONDS = [0.5, 1, 2, 4, 8] as const;

export class LiveData {
  #live: Live = {
    connection: { state: 'connecting' },
    loss: undefined,
    view: undefined,
    uploads: undefined,
    traces: undefined,
    health: undefined,
    series: NO_SERIES,
  };
  readonly #listeners = new Set<() => void>();
  #attempt = 0;
  #hasTraces = false;

  get live(): Live {
    return this.#live;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Never throws: a failure shows as the state of the connection. */
  async connect(): Promise<void> {
    this.#change({ connection: { state: 'connecting' } });
    const silence = new Silence(SILENCE_MILLIS);
    try {
      await this.#receive(silence);
      this.#retry('the gateway ended it');
    } catch (error) {
      if (error instanceof Unauthorized)
        this.#change({ connection: { state: 'unauthorized', isRefused: hasToken() }, loss: undefined });
      else this.#retry(reasonOf(error as Error));
    } finally {
      silence.end();
    }
  }

  async #receive(silence: Silence): Promise<void> {
    const [view, stream] = await Promise.all([getJson<ViewDocument>('api/view'), get('api/events', silence.signal)]);
    this.#attempt = 0;
    this.#hasTraces = false;
    this.#change({ connection: { state: 'live' }, loss: undefined, view });
    const texts = textOf(stream.body!, () => silence.restart());
    for await (const { name, data } of serverEvents(texts)) this.#accept(name, data);
  }

  #accept(name: string, data: string): void {
    if (name === 'uploads') {
      const uploads = JSON.parse(data) as UploadsDocument;
      this.#change({ uploads, series: addPoint(this.#live.series, uploads) });
    }
    if (name === 'health') this.#change({ health: JSON.parse(data) as HealthDocument });
    if (name === 'traces') this.#acceptTraces(JSON.parse(data) as TracesDocument);
  }

  /** The first event of a connection has all requests that the gateway knows, the others what ended since. */
  #acceptTraces(document: TracesDocument): void {
    this.#change({ traces: addRequests(this.#hasTraces ? this.#live.traces : undefined, document) });
    this.#hasTraces = true;
  }

  #retry(problem: string): void {
    const seconds = RETRY_SECONDS[this.#attempt] ?? RETRY_SECONDS.at(-1)!;
    this.#attempt++;
    const at = this.#live.loss?.at ?? Date.now();
    this.#change({ connection: { state: 'waiting', seconds }, loss: { problem, at } });
    setTimeout(() => void this.connect(), seconds * 1000);
  }

  #change(part: Partial<Live>): void {
    this.#live = { ...this.#live, ...part };
    for (const listener of this.#listeners) listener();
  }
}

/** Browsers have different messages for a failure of the network. */
const reasonOf = (error: Error): string =>
  error instanceof TypeError ? 'no response' : error.message.replace(/\.$/, '');

/** Aborts a connection on which nothing has arrived for some time. */
class Silence {
  readonly #controller = new AbortController();
  readonly #millis: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(millis: number) {
    this.#millis = millis;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  #start(): ReturnType<typeof setTimeout> {
    const silence = new Error(`no data for ${this.#millis / 1000} s`);
    return setTimeout(() => this.#controller.abort(silence), this.#millis);
  }
}
