import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportChannel } from '../../../src/export/export-channel.ts';
import { ExporterLink } from '../../../src/export/exporter-link.ts';
import type { Batch, DeliveryResult, ExportSettings } from '../../../src/export/messages.ts';
import type { Resolve } from '../../../src/export/shared-lookup.ts';

const SETTINGS: ExportSettings = {
  exporter: 'otlp',
  path: '/v1/traces',
  endpoint: 'http://127.0.0.1:1',
  protocol: 'http/protobuf',
  compression: 'none',
  headers: {},
  timeoutMillis: 1000,
  deadlineMillis: 1000,
  userAgent: 'test',
  resource: new Uint8Array(),
  scope: new Uint8Array(),
};

const PORT = "import { parentPort } from 'node:worker_threads';";
/** Takes every batch for delivered, and closes when it is asked to. */
const OBEDIENT = `${PORT}
  parentPort.on('message', (message) => {
    const { type, signal, batch } = message;
    if (type === 'close') parentPort.postMessage({ type: 'closed', signal });
    if (type === 'batch') parentPort.postMessage({ type: 'settled', signal, id: batch.id, result: { exported: batch.bytes.byteLength, saved: 0, dropped: {} } });
  });`;
const MUTE = `${PORT} parentPort.on('message', () => {});`;
const BUSY = `${PORT} parentPort.on('message', ({ type }) => { while (type === 'batch'); });`;
const DIES_OF_BATCHES = `${PORT} parentPort.on('message', ({ type }) => { if (type === 'batch') throw new Error('struck'); });`;
const EATS_MEMORY = `${PORT} parentPort.on('message', ({ type }) => { if (type !== 'batch') return; const all = []; for (;;) all.push(new Array(1000).fill(Math.random())); });`;
const SHOWS_ENVIRONMENT = `${PORT} parentPort.on('message', ({ type, signal }) => {
    if (type === 'open') parentPort.postMessage({ type: 'attempt_failed', signal, message: JSON.stringify(process.env) + JSON.stringify(process.execArgv) });
    else parentPort.postMessage({ type: 'closed', signal });
  });`;

function open(program: string, lookUp: Resolve = async () => []) {
  const settled: [batch: Batch, settlement: DeliveryResult][] = [];
  const lost: Batch[] = [];
  const troubles: string[] = [];
  const waiting = new Set<() => void>();
  const note = <T>(list: T[], item: T): void => {
    list.push(item);
    for (const check of waiting) check();
  };
  const events = {
    settled: (batch: Batch, settlement: DeliveryResult) => note(settled, [batch, settlement]),
    lost: (batch: Batch) => note(lost, batch),
    breaker() {},
    attemptFailed: (message: string) => note(troubles, message),
  };
  const exporter = new ExporterLink({
    program: new URL(`data:text/javascript,${encodeURIComponent(program)}`),
    lookUp,
  });
  const link = exporter.open('traces', SETTINGS, events);
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const alive = setInterval(() => {}, 1000);
      const check = (): void => {
        if (!done()) return;
        clearInterval(alive);
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { exporter, link, events, settled, lost, troubles, until };
}

const batch = (id: number, bytes = 8): Batch => ({ id, items: id, bytes: new Uint8Array(bytes) });

async function closeTimed(link: ExportChannel, timeoutMillis: number): Promise<[left: number[], millis: number]> {
  const start = performance.now();
  const left = await link.close(timeoutMillis);
  return [left.map(({ id }) => id), performance.now() - start];
}

describe('the link to the exporter thread', () => {
  it('hands batches over without copying them, and receives the result of each', async () => {
    const { link, settled, until } = open(OBEDIENT);
    const sent = [batch(1, 10), batch(2, 20)];
    for (const one of sent) link.send(one);
    assert.deepEqual(
      sent.map(({ bytes }) => bytes.byteLength),
      [0, 0],
      'transferred',
    );
    await until(() => settled.length === 2);
    assert.deepEqual(
      settled.map(([{ id }, { exported }]) => [id, exported]),
      [
        [1, 10],
        [2, 20],
      ],
    );
    const [left, millis] = await closeTimed(link, 5000);
    assert.deepEqual(left, []);
    assert.ok(millis < 2000, `${millis} ms`);
  });

  it('is closed in time, however the thread behaves, and reports remaining spans', async () => {
    for (const program of [MUTE, BUSY]) {
      const { link } = open(program);
      link.send(batch(1));
      link.send(batch(2));
      const [left, millis] = await closeTimed(link, 200);
      assert.deepEqual(left, [1, 2]);
      assert.ok(millis >= 190 && millis < 1500, `${millis} ms`);
    }
  });

  it('survives the death of the thread: its batches are lost, later ones wait for the next thread', async () => {
    for (const [program, why] of [
      [DIES_OF_BATCHES, /struck/],
      [EATS_MEMORY, /memory/],
    ] as const) {
      const { link, lost, troubles, until } = open(program);
      link.send(batch(1));
      await until(() => lost.length === 1);
      assert.match(troubles[0] ?? '', why);
      link.send(batch(2));
      assert.equal(lost.length, 1);
      const [left, millis] = await closeTimed(link, 5000);
      assert.deepEqual(left, [2]);
      assert.ok(millis < 100, 'nothing to wait for');
    }
  });

  it('starts the thread again, and hands over what has waited', async () => {
    const { link, lost, until } = open(DIES_OF_BATCHES);
    link.send(batch(1));
    await until(() => lost.length === 1);
    link.send(batch(2));
    await until(() => lost.length === 2);
    assert.deepEqual(
      lost.map(({ id }) => id),
      [1, 2],
    );
    await link.close(1000);
  });

  it('survives a program that cannot be loaded', async () => {
    const { link, troubles, until } = open('this is no program');
    await until(() => troubles.length === 1);
    assert.match(troubles[0] ?? '', /SyntaxError/);
    const [left, millis] = await closeTimed(link, 5000);
    assert.deepEqual(left, []);
    assert.ok(millis < 100);
  });

  it('loads nothing into the thread that was preloaded into the process, and shows it no secrets', async () => {
    process.env.TEST_ONLY_SECRET = 'in the environment';
    const { link, troubles, until } = open(SHOWS_ENVIRONMENT);
    await until(() => troubles.length === 1);
    delete process.env.TEST_ONLY_SECRET;
    await link.close(1000);
    assert.doesNotMatch(troubles[0]!, /in the environment|NODE_OPTIONS|--/);
  });

  it('serves several signals by one thread, which ends with the last of them', async () => {
    const { exporter, link, events, settled, until } = open(OBEDIENT);
    const logs = exporter.open('logs', SETTINGS, events);
    logs.send(batch(1, 11));
    link.send(batch(1, 12));
    await until(() => settled.length === 2);
    assert.deepEqual(
      settled.map(([, { exported }]) => exported),
      [11, 12],
    );
    assert.deepEqual(await link.close(1000), []);
    logs.send(batch(2, 13));
    await until(() => settled.length === 3);
    assert.deepEqual(await logs.close(1000), []);
  });

  it('loses the batches of all signals when the thread dies, and opens all of them again', async () => {
    const { exporter, link, events, lost, troubles, until } = open(DIES_OF_BATCHES);
    const logs = exporter.open('logs', SETTINGS, events);
    logs.send(batch(1));
    link.send(batch(2));
    await until(() => lost.length === 2 && troubles.length === 2);
    logs.send(batch(3));
    await until(() => lost.length === 3);
    assert.deepEqual(await Promise.all([link.close(1000), logs.close(1000)]), [[], []]);
  });

  it('takes a batch that comes after it was closed without complaint', async () => {
    const { link, settled } = open(OBEDIENT);
    await link.close(1000);
    assert.doesNotThrow(() => link.send(batch(3)));
    assert.deepEqual(settled, []);
  });
});
