/**
 * Numbers of descriptors are used again at once. While bodies move and end in every way, thousands of files and connections are opened
 * and closed: none gets a byte of a body, loses its own descriptor, or gives a byte to a body.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { Failure } from '../../../src/domain/failure.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import { Pump } from '../../../src/pump/pump.ts';
import type { PumpTask } from '../../../src/pump/pump-thread.ts';
import { socketPair } from '../../support/socket-pair.ts';
import { connections, type Moving, moving, send } from './moving.ts';

const BODIES = 240;
const AT_ONCE = 12;
const BYTES = Buffer.alloc(700_000, 0xab);
const FILES_AT_ONCE = 24;
const LEAST_FILES = 2_000;
const LEAST_CONNECTIONS = 100;
const WRONG: PumpTask['plan'] = {
  kind: 'object',
  length: BYTES.length,
  most: BYTES.length,
  trailer: undefined,
  sent: undefined,
  promises: [{ header: 'x-amz-checksum-crc32', checksum: 'crc32', value: 'AAAAAA==', code: 'BadDigest' }],
  isFramed: false,
};

type End = (moved: Moving, between: Awaited<ReturnType<typeof connections>>) => void;

/** The ends of a body, amid it. */
const ENDS: readonly End[] = [
  ({ client }) => void client.resetAndDestroy(),
  ({ client }) => void client.destroy(),
  ({ store }) => void store.resetAndDestroy(),
  ({ movement }) => movement.abort(new Failure('shutting_down')),
  (_, { from }) => void from.far.destroy(),
  (_, { to }) => void to.far.destroy(),
  (_, { to }) => void to.far.resetAndDestroy(),
  ({ movement }, { from, to }) => {
    movement.abort(new Failure('shutting_down'));
    from.far.destroy();
    to.far.destroy();
  },
];

it('descriptors that are used again get no byte of another', { timeout: 60_000 }, async (t) => {
  const random = seededRandom(20);
  const folder = mkdtempSync(join(tmpdir(), 'mizuchi-descriptors-'));
  const pump = await Pump.start(2, { died: assert.fail });
  t.after(async () => {
    await pump.stop();
    rmSync(folder, { recursive: true });
  });
  let left = BODIES;
  let whole = 0;

  async function moveOne(i: number): Promise<void> {
    const between = await connections();
    const plan = i % 5 === 4 ? WRONG : undefined;
    const moved = await moving(pump, { left: BYTES.length, plan }, { between });
    const sending = send(moved.client, BYTES).catch(() => {});
    if (i % 3 > 0) {
      await delay(random() * 8);
      ENDS[i % ENDS.length]!(moved, between);
    }
    if (i % 3 > 0 && (await ended(moved.movement.done)) === undefined) moved.movement.abort(new Failure('overloaded'));
    const { failure } = await moved.movement.done;
    if (i % 3 === 0 && plan === undefined) assert.equal(failure, undefined);
    if (failure === undefined && moved.received.ended === undefined) await moved.received.until(BYTES.length);
    const { bytes } = moved.received;
    assert.ok(bytes.equals(BYTES.subarray(0, bytes.length)), 'other bytes arrived at the store');
    if (bytes.length === BYTES.length) whole++;
    moved.close();
    await sending;
  }

  async function move(): Promise<void> {
    while (left > 0) await moveOne(left--);
  }

  let files = 0;
  async function openFiles(): Promise<void> {
    while (left > 0 || files < LEAST_FILES) {
      const opened = Array.from({ length: FILES_AT_ONCE }, (_, i) => openFile(join(folder, `${i}`), files++));
      await setImmediate();
      for (const check of opened) check();
    }
  }

  let pairs = 0;
  async function openConnections(): Promise<void> {
    while (left > 0 || pairs < LEAST_CONNECTIONS) {
      const { near, far, close } = await socketPair();
      const text = `connection ${pairs++}`;
      near.write(text);
      const [bytes] = await once(far.resume(), 'data');
      assert.equal(String(bytes), text);
      far.on('data', () => assert.fail('a connection got bytes of another'));
      await setImmediate();
      close();
    }
  }

  const movers = Array.from({ length: AT_ONCE }, move);
  await Promise.all([...movers, openFiles(), openConnections(), openConnections()]);
  t.diagnostic(`${BODIES} bodies, ${whole} of them whole; ${files} files, ${pairs} connections`);
  assert.equal(pump.transfers, 0);
});

/** Undefined if the body still moves after a while: its end was at a connection that nobody uses. */
const ended = <T>(done: Promise<T>): Promise<T | undefined> => Promise.race([done, delay(100, undefined)]);

/** @returns what verifies its content, and closes it. */
function openFile(path: string, number: number): () => void {
  const text = Buffer.from(`file ${number}`);
  const fd = openSync(path, 'w+');
  writeSync(fd, text);
  return () => {
    const read = Buffer.alloc(100);
    assert.equal(fstatSync(fd).size, text.length);
    assert.equal(readSync(fd, read, 0, 100, 0), text.length);
    assert.ok(read.subarray(0, text.length).equals(text));
    closeSync(fd);
  };
}
