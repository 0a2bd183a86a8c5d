/**
 * One kind of event for all its watchers: a document is made once per tick and serialized once. The next tick is planned when the
 * last one has ended, so a slow source has one call at a time.
 */
import type { Documents } from './event-documents.ts';
import type { Watcher } from './watcher.ts';

export class Feed {
  readonly #name: string;
  readonly #open: () => Documents;
  readonly #failed: (error: Error) => void;
  /** Watchers that need the first event. */
  readonly #joining = new Set<Watcher>();
  /** Watchers that have had every event since their first one. */
  readonly #following = new Set<Watcher>();
  #documents: Documents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  /** @param open called when the first watcher joins. @param failed notified of the first failure of several in a row. */
  constructor(name: string, open: () => Documents, failed: (error: Error) => void) {
    this.#name = name;
    this.#open = open;
    this.#failed = failed;
  }

  join(watcher: Watcher): void {
    this.#joining.add(watcher);
    if (this.#documents !== undefined) return;
    this.#documents = this.#open();
    void this.#tick(this.#documents);
  }

  leave(watcher: Watcher): void {
    this.#joining.delete(watcher);
    this.#following.delete(watcher);
    if (this.#joining.size + this.#following.size > 0) return;
    clearTimeout(this.#timer);
    this.#documents = undefined;
  }

  async #tick(documents: Documents): Promise<void> {
    try {
      await this.#sendNext(documents);
      await this.#sendFirst(documents);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#failed(error as Error);
      this.#isFailing = true;
    }
    if (this.#documents !== documents) return; // all watchers have left
    this.#timer = setTimeout(() => void this.#tick(documents), documents.millis()).unref();
  }

  /** A watcher that cannot get an event starts over, so that it misses nothing. */
  async #sendNext(documents: Documents): Promise<void> {
    for (const watcher of this.#following) if (!watcher.isReady) this.#move(watcher, this.#following, this.#joining);
    if (this.#following.size === 0) return;
    const event = this.#event(await documents.next());
    if (event === undefined) return;
    for (const watcher of this.#following) watcher.send(event);
  }

  async #sendFirst(documents: Documents): Promise<void> {
    const ready = [...this.#joining].filter((watcher) => watcher.isReady);
    if (ready.length === 0) return;
    const event = this.#event(await documents.first(this.#following.size === 0))!;
    for (const watcher of ready) if (this.#move(watcher, this.#joining, this.#following)) watcher.send(event);
  }

  /** @returns false for a watcher that has left meanwhile. */
  #move(watcher: Watcher, from: Set<Watcher>, to: Set<Watcher>): boolean {
    const isHere = from.delete(watcher);
    if (isHere) to.add(watcher);
    return isHere;
  }

  #event(document: object | undefined): Uint8Array | undefined {
    return document && Buffer.from(`event: ${this.#name}\ndata: ${JSON.stringify(document)}\n\n`);
  }
}
