/** `/api/events`: server-sent events for a limited number of watchers. Without watchers no timer runs and nothing is collected. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ViewSource } from '../sources.ts';
import { type Documents, healthDocuments, tracesDocuments, uploadsDocuments } from './event-documents.ts';
import { Feed } from './feed.ts';
import { refuse } from './respond.ts';
import { Watcher } from './watcher.ts';

const MOST_STREAMS = 16;
const HEARTBEAT_MILLIS = 15_000;

const TOO_MANY = `Too many streams are open: at most ${MOST_STREAMS}. Close a page that shows the view, or use /api/uploads.\n`;
const WRONG_EVENTS = 'Unknown event in "of". Use uploads, traces and health, such as ?of=uploads,traces.\n';

const EVENTS: Readonly<Record<string, (source: ViewSource) => Documents>> = {
  uploads: uploadsDocuments,
  traces: tracesDocuments,
  health: healthDocuments,
};

export class EventStreams {
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #watchers = new Set<Watcher>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(source: ViewSource, failed: (error: Error) => void) {
    this.#feeds = new Map(
      Object.entries(EVENTS).map(([name, open]) => [name, new Feed(name, () => open(source), failed)]),
    );
  }

  /** @param of names of events, separated by commas; null means all of them. */
  respond(of: string | null, { method }: IncomingMessage, response: ServerResponse): void {
    const names = of === null ? [...this.#feeds.keys()] : of.split(',');
    const feeds = new Set(names.map((name) => this.#feeds.get(name)));
    if (feeds.has(undefined)) refuse(response, 400, WRONG_EVENTS);
    else if (this.#watchers.size >= MOST_STREAMS) refuse(response, 503, TOO_MANY, { 'retry-after': '5' });
    else {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      if (method === 'HEAD') response.end();
      else this.#add(new Watcher(response), feeds as Set<Feed>);
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  #add(watcher: Watcher, feeds: ReadonlySet<Feed>): void {
    this.#watchers.add(watcher);
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MILLIS).unref();
    watcher.onClose(() => {
      this.#watchers.delete(watcher);
      for (const feed of feeds) feed.leave(watcher);
      if (this.#watchers.size === 0) this.#rest();
    });
    for (const feed of feeds) feed.join(watcher);
  }

  #beat(): void {
    for (const watcher of this.#watchers) if (watcher.isReady) watcher.send(':\n\n');
  }

  #rest(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}
