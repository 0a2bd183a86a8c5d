import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { UploadsDocument } from '../../../../src/view/documents.ts';
import { uploadsDocuments } from '../../../../src/view/http/event-documents.ts';
import { FakeViewSource, fakeRequest, fakeUpload } from '../../../support/fake-view-source.ts';
import { RawClient, send } from '../../../support/http-client.ts';
import { type ServedView, serveView } from '../../../support/serve-view.ts';

interface Event {
  readonly name: string;
  readonly data: {
    readonly at: number;
    readonly requests?: readonly { readonly id: string }[];
    readonly uploads?: readonly object[];
  };
}

const later = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** One stream, read to its end. */
class Stream {
  readonly events: Event[] = [];
  readonly #stop = new AbortController();
  readonly done: Promise<void>;

  constructor(url: string) {
    this.done = this.#read(url).catch(() => {});
  }

  async #read(url: string): Promise<void> {
    const { body } = await fetch(url, { signal: this.#stop.signal });
    let pieces: string[] = [];
    for await (const bytes of body!) {
      const piece = Buffer.from(bytes).toString();
      pieces.push(piece);
      if (!piece.includes('\n')) continue; // an event ends with two of them
      const blocks = pieces.join('').split('\n\n');
      pieces = [blocks.pop()!];
      for (const block of blocks) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        if (name !== undefined) this.events.push({ name, data: JSON.parse(data!) });
      }
    }
  }

  named(name: string): Event[] {
    return this.events.filter((event) => event.name === name);
  }

  async has(name: string, count = 1): Promise<Event> {
    for (;;) {
      const event = this.named(name)[count - 1];
      if (event !== undefined) return event;
      await later(10); // the time limit is that of the test
    }
  }

  async until(expected: (event: Event) => boolean): Promise<void> {
    while (!this.events.some(expected)) await later(10);
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }
}

/** Each of its documents about uploads has another time. */
class CountedSource extends FakeViewSource {
  override async uploads(): Promise<UploadsDocument> {
    const document = await super.uploads();
    return { ...document, at: document.at + this.calls.uploads! };
  }
}

describe('the events of the view', () => {
  const source = new CountedSource();
  let view: ServedView;
  let streams: Stream[] = [];
  before(async () => {
    view = await serveView(source);
  });
  afterEach(async () => {
    await Promise.all(streams.map((each) => each.close()));
    streams = [];
    source.current = [fakeUpload()];
    source.error = undefined;
    await later(50);
  });
  after(() => view.close());
  const open = (query = ''): Stream => {
    const stream = new Stream(`${view.url}/api/events${query}`);
    streams.push(stream);
    return stream;
  };
  const ids = (event: Event): string[] => event.data.requests!.map(({ id }) => id);

  it('begin with all documents, and go on with uploads and with requests that ended', async () => {
    const stream = open();
    await Promise.all([stream.has('uploads'), stream.has('health')]);
    assert.deepEqual(ids(await stream.has('traces')), ['REQUEST0']);
    source.ended.push(fakeRequest({ id: 'REQUEST9' }));
    assert.deepEqual(ids(await stream.has('traces', 2)), ['REQUEST9']);
    await stream.has('uploads', 3);
    assert.equal(stream.named('traces').length, 2);
    source.ended.pop();
  });

  it('are selected by the parameter of', async () => {
    const stream = open('?of=health,traces');
    await stream.has('traces');
    await stream.has('health', 2);
    assert.deepEqual(stream.named('uploads'), []);
    assert.equal((await send(view.url, 'GET', '/api/events?of=all')).status, 400);
    assert.equal((await send(view.url, 'GET', '/api/events?of=')).status, 400);
  });

  it('are made once for all watchers, and not at all without watchers', async () => {
    const all = Array.from({ length: 8 }, () => open('?of=uploads,traces'));
    for (const stream of all) assert.deepEqual(ids(await stream.has('traces')), ['REQUEST0']);
    const [first, ...others] = all as [Stream, ...Stream[]];
    await Promise.all(all.map((stream) => stream.has('uploads', 2)));
    // Each document has another time, and all of them get the same ones.
    const { at } = (await first.has('uploads', first.named('uploads').length + 1)).data;
    for (const stream of others) await stream.until(({ name, data }) => name === 'uploads' && data.at === at);
    await Promise.all(all.map((stream) => stream.close()));
    const watcher = open('?of=health');
    await watcher.has('health');
    const calls = { ...source.calls };
    await watcher.has('health', 2); // four ticks of uploads later
    assert.deepEqual({ ...source.calls, health: 0 }, { ...calls, health: 0 });
  });

  it('are slower for many uploads', async () => {
    const documents = uploadsDocuments(source);
    for (const [count, millis] of [
      [200, 500],
      [201, 1_000],
      [1, 500],
    ] as const) {
      source.current = Array.from({ length: count }, () => fakeUpload());
      await documents.next();
      assert.equal(documents.millis(), millis);
    }
  });

  it('go on after a failure of the source', async () => {
    source.error = new Error('no');
    const stream = open('?of=uploads');
    await later(100);
    assert.deepEqual(stream.events, []);
    source.error = undefined;
    await stream.has('uploads');
  });

  it('have at most 16 streams', async () => {
    const all = Array.from({ length: 16 }, () => open('?of=uploads'));
    await Promise.all(all.map((stream) => stream.has('uploads')));
    const { status, headers, body } = await send(view.url, 'GET', '/api/events');
    assert.deepEqual([status, headers['retry-after']], [503, '5']);
    assert.match(body, /at most 16/);
    await all[0]!.close();
    await later(100);
    await open('?of=uploads').has('uploads');
  });

  it('skip a watcher that does not read, and go on for the others', async () => {
    source.current = Array.from({ length: 200 }, () => fakeUpload({ key: 'k'.repeat(100_000) }));
    const stalled = connect({ port: Number(new URL(view.url).port), host: '127.0.0.1' });
    await once(stalled, 'connect');
    stalled.pause();
    stalled.write('GET /api/events?of=uploads HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const health = open('?of=health');
    const { calls } = source;
    let made = 0;
    let ticks = 0;
    // Its socket takes some documents, until it is full. A feed of uploads has four ticks between two of health.
    for (; ticks === 0 || calls.uploads !== made; ticks++) {
      made = calls.uploads ?? 0;
      await health.has('health', ticks + 1);
    }
    await health.has('health', ticks + 2);
    assert.equal(calls.uploads, made, 'nothing is made for a watcher that cannot receive it');
    await open('?of=uploads').has('uploads', 2);
    stalled.destroy();
  });

  it('end when the port closes', async () => {
    const other = await serveView(source);
    const client = await RawClient.connect(other.url);
    client.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await later(200);
    await other.close();
    const received = await client.closed();
    assert.match(received, /content-type: text\/event-stream/);
    assert.match(received, /event: health/);
  });
});
