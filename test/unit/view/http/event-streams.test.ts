import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { FakeViewSource, fakeRequest, fakeUpload } from '../../../support/fake-view-source.ts';
import { RawClient, send } from '../../../support/http-client.ts';
import { type ServedView, serveView } from '../../../support/serve-view.ts';

interface Event {
  readonly name: string;
  readonly data: {
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
    let rest = '';
    for await (const bytes of body!) {
      const blocks = (rest + Buffer.from(bytes).toString()).split('\n\n');
      rest = blocks.pop()!;
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
    for (const end = Date.now() + 10_000; Date.now() < end; await later(10)) {
      const event = this.named(name)[count - 1];
      if (event !== undefined) return event;
    }
    throw new Error(`no event ${name}`);
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }
}

describe('the events of the view', () => {
  const source = new FakeViewSource();
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
    await Promise.all([stream.has('health'), stream.has('traces')]);
    await later(600);
    assert.deepEqual(stream.named('uploads'), []);
    assert.equal((await send(view.url, 'GET', '/api/events?of=all')).status, 400);
    assert.equal((await send(view.url, 'GET', '/api/events?of=')).status, 400);
  });

  it('are made once for all watchers, and not at all without watchers', async () => {
    const all = Array.from({ length: 8 }, () => open('?of=uploads,traces'));
    for (const stream of all) assert.deepEqual(ids(await stream.has('traces')), ['REQUEST0']);
    await all[0]!.has('uploads', 2);
    const [before, events] = [source.calls.uploads!, all[0]!.named('uploads').length];
    await all[0]!.has('uploads', events + 2);
    assert.ok(source.calls.uploads! - before <= 4, `${source.calls.uploads! - before}`);
    await Promise.all(all.map((stream) => stream.close()));
    await later(100);
    const calls = { ...source.calls };
    await later(1_100);
    assert.deepEqual(source.calls, calls);
  });

  it('are slower for many uploads', async () => {
    source.current = Array.from({ length: 201 }, () => fakeUpload());
    const stream = open('?of=uploads');
    await stream.has('uploads');
    await later(800);
    assert.equal(stream.named('uploads').length, 1);
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
    await later(1_500);
    const { calls } = source;
    const made = calls.uploads!;
    await later(1_200);
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
