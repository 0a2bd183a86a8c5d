/** Bodies that a pump reads into memory: every byte, every way to end, and which memory it uses. */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Filled, Filling } from '../../../src/domain/body-pump.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { Pump } from '../../../src/pump/pump.ts';
import type { FillTask } from '../../../src/pump/pump-thread.ts';
import { readDescriptor } from '../../support/read-descriptor.ts';
import { type SocketPair, socketPair } from '../../support/socket-pair.ts';
import { send } from './moving.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const crc32Of = (bytes: Buffer): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

function planOf(length: number, value?: string): FillTask['plan'] {
  const promise = { header: 'x-amz-checksum-crc32', checksum: 'crc32', code: 'BadDigest' } as const;
  const promises = value === undefined ? [] : [{ ...promise, value }];
  return {
    kind: 'object',
    length,
    most: length,
    trailer: undefined,
    sent: undefined,
    promises,
    isFramed: false,
    further: 'crc32c',
  };
}

const PATIENT = { pace: { idleMillis: 20_000, leastRate: 0 }, first: Buffer.alloc(0), partChecksum: undefined };

/** Gives blocks of this size until the end. @returns them. */
async function fill(filling: Filling, size: number): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  while (await filling.wantsMemory()) {
    const block = Buffer.alloc(size);
    blocks.push(block);
    filling.give(block);
  }
  return blocks;
}

function assertFailed({ failure }: Filled, type: string): Failure {
  assert.ok(failure instanceof Failure);
  assert.equal(failure.type, type, failure.message);
  return failure;
}

describe('a pump that reads into memory', () => {
  let pump: Pump;
  const pairs: SocketPair[] = [];

  before(async () => {
    pump = await Pump.start(1, { died: assert.fail });
  });
  after(async () => {
    for (const pair of pairs) pair.close();
    assert.equal(pump.transfers, 0);
    await pump.stop();
  });

  async function begin(task: Partial<FillTask> & { readonly left: number }, between?: SocketPair) {
    const pair = between ?? (await socketPair());
    pairs.push(pair);
    const filling = pump.reserve(pair.far)!.fill({ ...PATIENT, plan: planOf(task.left), ...task });
    return { client: pair.near, pair, filling };
  }

  for (const [length, block] of [
    [1, 64 * KIB],
    [64 * KIB, 64 * KIB],
    [64 * KIB + 1, 64 * KIB],
    [700_001, 4_097],
    [9_000_003, MIB],
  ] as const) {
    it(`reads ${length} bytes into blocks of ${block}`, async () => {
      const bytes = randomBytes(length);
      const { client, filling } = await begin({ left: length, plan: planOf(length, crc32Of(bytes)) });
      const [blocks] = await Promise.all([fill(filling, block), send(client, bytes)]);
      const { failure, read, checksums } = await filling.done;
      assert.equal(failure, undefined);
      assert.equal(read, length);
      assert.equal(blocks.length, Math.ceil(length / block), 'no block more than the bytes need');
      assert.ok(Buffer.concat(blocks).subarray(0, length).equals(bytes));
      assert.equal(checksums.get('crc32'), crc32Of(bytes));
      assert.ok(checksums.has('crc32c'));
      assert.equal(filling.figures.bytes, length);
      assert.ok(filling.figures.lastByteAt! >= filling.figures.firstByteAt!);
    });
  }

  it('leaves the connection usable: bodies one after the other, and bytes behind each', async () => {
    const pair = await socketPair();
    for (let i = 0; i < 4; i++) {
      const bytes = randomBytes(300_000 + i);
      const behind = Buffer.from(`behind ${i}`);
      const { client, filling } = await begin({ left: bytes.length }, pair);
      client.write(Buffer.concat([bytes, behind]));
      const blocks = await fill(filling, 64 * KIB);
      assert.equal((await filling.done).failure, undefined);
      assert.ok(Buffer.concat(blocks).subarray(0, bytes.length).equals(bytes));
      assert.ok((await readDescriptor(pair.far, behind.length)).equals(behind));
    }
  });

  it('wants memory when bytes arrive, and not before', async () => {
    const { client, filling } = await begin({ left: 100 });
    let wants = 0;
    void filling.wantsMemory().then(() => wants++);
    await delay(250);
    assert.equal(wants, 0);
    client.write(randomBytes(50));
    await filling.wantsMemory();
    filling.give(Buffer.alloc(50));
    void filling.wantsMemory().then(() => wants++);
    await delay(250);
    assert.equal(wants, 1, 'the memory is full, and no byte is there');
    assert.equal(filling.figures.waitsFor, 'client');
    client.write(randomBytes(50));
    assert.equal((await fill(filling, 50)).length, 1);
    assert.equal((await filling.done).failure, undefined);
  });

  it('counts a wait for memory as neither the client nor the store', async () => {
    const pace = { idleMillis: 200, leastRate: 0 };
    const { client, filling } = await begin({ left: 1000, pace });
    client.write(randomBytes(1000));
    await filling.wantsMemory();
    const { clientWaitSeconds } = filling.figures;
    await delay(500);
    assert.deepEqual(
      [filling.figures.waitsFor, filling.figures.clientWaitSeconds, filling.figures.storeWaitSeconds],
      [undefined, clientWaitSeconds, 0],
    );
    await fill(filling, 1000);
    assert.equal((await filling.done).failure, undefined);
  });

  it('computes the checksum of each part, bytes before the first block included', async () => {
    const bytes = randomBytes(250_000);
    const first = bytes.subarray(0, 50_000);
    const { client, filling } = await begin({
      first,
      left: 200_000,
      plan: planOf(250_000, crc32Of(bytes)),
      partChecksum: 'crc32',
    });
    client.write(bytes.subarray(50_000));
    const sums: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      await filling.wantsMemory();
      if (i > 0) sums.push(await filling.endPart());
      filling.give(Buffer.alloc(100_000));
    }
    const { failure, partChecksum } = await filling.done;
    assert.equal(failure, undefined);
    assert.deepEqual([...sums, partChecksum], [crc32Of(bytes.subarray(0, 150_000)), crc32Of(bytes.subarray(150_000))]);
    assert.equal(filling.figures.bytes, bytes.length);
    assert.equal(await filling.endPart(), undefined);
  });

  it('shows its progress while it reads', async () => {
    const { client, filling } = await begin({ left: 200_000 });
    const filled = fill(filling, 300_000);
    client.write(randomBytes(100_000));
    while (filling.figures.bytes < 100_000) await delay(5);
    while (filling.figures.waitsFor !== 'client') await delay(5);
    const earlier = filling.figures.clientWaitSeconds;
    await delay(20);
    assert.ok(filling.figures.clientWaitSeconds > earlier);
    client.write(randomBytes(100_000));
    await filled;
    assert.equal((await filling.done).failure, undefined);
    assert.equal(filling.figures.waitsFor, undefined);
  });

  it('fails if the checksum does not match', async () => {
    const bytes = randomBytes(MIB);
    const { client, filling } = await begin({ left: MIB, plan: planOf(MIB, 'AAAAAA==') });
    await Promise.all([fill(filling, 300_000), send(client, bytes)]);
    assert.equal(assertFailed(await filling.done, 'checksum_mismatch').code, 'BadDigest');
  });

  for (const leaves of ['end', 'resetAndDestroy'] as const) {
    for (const at of [0, 100_000, 3_000_001]) {
      it(`ends with client_aborted when the client leaves (${leaves}) after ${at} bytes`, async () => {
        const { client, filling } = await begin({ left: 4 * MIB });
        const filled = fill(filling, 256 * KIB);
        await send(client, randomBytes(at));
        client[leaves]();
        assertFailed(await filling.done, 'client_aborted');
        await filled;
      });
    }

    it(`notices that the client leaves (${leaves}) while it waits for memory`, async () => {
      const { client, filling } = await begin({ left: 4 * MIB });
      client.write(randomBytes(100_000));
      await filling.wantsMemory();
      client[leaves]();
      assertFailed(await filling.done, 'client_aborted');
    });
  }

  it('ends with client_stalled after the idle timeout, and not before', async () => {
    const { client, filling } = await begin({ left: MIB, pace: { idleMillis: 400, leastRate: 0 } });
    const since = performance.now();
    client.write(randomBytes(100_000));
    await fill(filling, MIB);
    assertFailed(await filling.done, 'client_stalled');
    assert.ok(performance.now() - since >= 400);
    assert.ok(filling.figures.clientWaitSeconds >= 0.4);
  });

  it('ends with client_stalled if the client is slower than the minimum rate', async () => {
    const { client, filling } = await begin({ left: MIB, pace: { idleMillis: 300, leastRate: 1_000_000 } });
    const drip = setInterval(() => client.write('x'.repeat(10)), 20);
    await fill(filling, MIB);
    clearInterval(drip);
    assert.equal(assertFailed(await filling.done, 'client_stalled').reason, 'below_minimum_rate');
  });

  it('writes nothing into its memory after an abort', async () => {
    const { client, filling } = await begin({ left: MIB });
    client.write(randomBytes(1000));
    await filling.wantsMemory();
    const block = Buffer.alloc(64 * KIB);
    filling.give(block);
    const cause = new Failure('shutting_down');
    filling.abort(cause);
    assert.equal((await filling.done).failure, cause);
    const before = hash('sha256', block);
    client.write(randomBytes(10_000));
    filling.give(block); // without effect
    await delay(150);
    assert.equal(hash('sha256', block), before);
    assert.equal(await filling.wantsMemory(), false);
  });

  it('fills 32 bodies at once', async () => {
    const bytes = randomBytes(2 * MIB + 17);
    const one = async (): Promise<void> => {
      const { client, filling } = await begin({ left: bytes.length });
      const [blocks] = await Promise.all([fill(filling, 256 * KIB), send(client, bytes)]);
      assert.equal((await filling.done).failure, undefined);
      assert.ok(Buffer.concat(blocks).subarray(0, bytes.length).equals(bytes));
    };
    await Promise.all(Array.from({ length: 32 }, one));
  });
});
