/** Bodies that a pump moves between real connections: every byte, every way to end, and the connections afterwards. */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import ffi from 'node:ffi';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Moved } from '../../../src/domain/body-pump.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { Pump } from '../../../src/pump/pump.ts';
import type { PumpTask } from '../../../src/pump/pump-thread.ts';
import { readDescriptor } from '../../support/read-descriptor.ts';
import { connections, moving, send } from './moving.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const WRONG_CRC32 = 'AAAAAA==';

type Plan = NonNullable<PumpTask['plan']>;

const crc32Of = (bytes: Buffer): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
};

function planOf(bytes: Buffer, value = crc32Of(bytes)): Plan {
  const promises = [{ header: 'x-amz-checksum-crc32', checksum: 'crc32', value, code: 'BadDigest' }] as const;
  return {
    kind: 'object',
    length: bytes.length,
    most: bytes.length,
    trailer: undefined,
    sent: undefined,
    promises,
    isFramed: false,
  };
}

/** aws-chunked with a trailer. */
function framed(bytes: Buffer, value = crc32Of(bytes), size = 60_000): { readonly wire: Buffer; readonly plan: Plan } {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  const wire = Buffer.concat([...pieces, Buffer.from(`0\r\nx-amz-checksum-crc32:${value}\r\n\r\n`)]);
  const trailer = { header: 'x-amz-checksum-crc32', checksum: 'crc32' } as const;
  return { wire, plan: { ...planOf(bytes), promises: [], trailer, sent: trailer, isFramed: true } };
}

const MODES = [
  { name: 'spliced', plan: () => undefined },
  { name: 'copied and verified', plan: (bytes: Buffer) => planOf(bytes) },
] as const;

/** One byte out of band (MSG_OOB of send(2)), which Node.js cannot send. */
function sendUrgent(fd: number): bigint {
  const send = { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' } as const;
  return ffi.dlopen(null, { send }).functions.send(fd, Buffer.from('!'), 1n, 1);
}

function assertFailed({ failure }: Moved, type: string): Failure {
  assert.ok(failure instanceof Failure);
  assert.equal(failure.type, type, failure.message);
  return failure;
}

describe('a pump', () => {
  let pump: Pump;
  const deaths: unknown[] = [];

  before(async () => {
    pump = await Pump.start(1, { died: (error) => deaths.push(error) });
  });
  after(async () => {
    assert.equal(pump.transfers, 0);
    await pump.stop();
    assert.deepEqual(deaths, []);
  });

  for (const { name, plan } of MODES) {
    describe(`with a body that is ${name}`, () => {
      const sizes = [1, 4_095, 64 * KIB, 70_000, MIB, 5 * MIB + 13, 24_000_003];
      for (const size of sizes) {
        it(`moves each of ${size} bytes`, async () => {
          const bytes = randomBytes(size);
          const { client, received, movement, close } = await moving(pump, { left: size, plan: plan(bytes) });
          await send(client, bytes);
          const moved = await movement.done;
          assert.equal(moved.failure, undefined);
          assert.deepEqual([moved.read, moved.sent, moved.spliced], [size, size, plan(bytes) === undefined]);
          await received.until(size);
          assert.equal(hash('sha256', received.bytes), hash('sha256', bytes));
          assert.equal(movement.figures.bytes, size);
          assert.ok(movement.figures.lastByteAt! >= movement.figures.firstByteAt!);
          close();
        });
      }

      it('leaves both connections usable: eight bodies one after the other, and bytes behind each', async () => {
        const between = await connections();
        for (let i = 0; i < 8; i++) {
          const bytes = randomBytes(300_000 + i);
          const behind = Buffer.from(`behind ${i}`);
          const { client, received, movement } = await moving(
            pump,
            { left: bytes.length, plan: plan(bytes) },
            { between },
          );
          client.write(Buffer.concat([bytes, behind]));
          assert.equal((await movement.done).failure, undefined);
          await received.until(bytes.length);
          assert.ok(received.bytes.equals(bytes));
          assert.ok((await readDescriptor(between.from.far, behind.length)).equals(behind));
          between.to.far.write('next');
          await received.until(bytes.length + 4);
          assert.ok(received.bytes.subarray(bytes.length).equals(Buffer.from('next')));
          between.to.near.removeAllListeners('data');
        }
        between.from.close();
        between.to.close();
      });

      it('reads a body that comes in drops', async () => {
        const bytes = randomBytes(700);
        const { client, received, movement, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
        client.setNoDelay(true);
        for (let at = 0; at < bytes.length; at += 7) client.write(bytes.subarray(at, at + 7));
        await movement.done;
        await received.until(bytes.length);
        assert.ok(received.bytes.equals(bytes));
        close();
      });

      it('passes few bytes of a client that waits, although it prefers many', async () => {
        const bytes = randomBytes(2 * MIB);
        const { client, received, movement, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
        client.write(bytes.subarray(0, 100_000));
        await received.until(100_000);
        client.write(bytes.subarray(100_000, 100_010));
        await received.until(100_010);
        client.write(bytes.subarray(100_010));
        await movement.done;
        await received.until(bytes.length);
        assert.ok(received.bytes.equals(bytes));
        close();
      });

      for (const at of [0, 10, 200_000, 3_000_001]) {
        it(`ends with client_aborted when the client closes its connection after ${at} bytes`, async () => {
          const bytes = randomBytes(4 * MIB);
          const { client, received, movement, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
          await send(client, bytes.subarray(0, at));
          client.end();
          assertFailed(await movement.done, 'client_aborted');
          assert.ok(received.length <= at);
          close();
        });

        it(`ends with client_aborted when the client resets its connection after ${at} bytes`, async () => {
          const bytes = randomBytes(4 * MIB);
          const { client, movement, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
          await send(client, bytes.subarray(0, at));
          client.resetAndDestroy();
          assertFailed(await movement.done, 'client_aborted');
          close();
        });
      }

      it('notices that the client has left while the store reads nothing', async () => {
        const bytes = randomBytes(40 * MIB);
        const { client, movement, close } = await moving(
          pump,
          { left: bytes.length, plan: plan(bytes) },
          { reads: false },
        );
        void send(client, bytes).catch(() => {});
        while (movement.figures.waitsFor !== 'store') await delay(5);
        client.resetAndDestroy();
        const moved = await movement.done;
        assertFailed(moved, 'client_aborted');
        assert.equal(moved.waitedFor, 'store');
        close();
      });

      it('sends everything of a client that closes its connection behind the last byte', async () => {
        const bytes = randomBytes(3 * MIB);
        const { client, received, movement, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
        await send(client, bytes);
        client.end();
        assert.equal((await movement.done).failure, undefined);
        await received.until(bytes.length);
        assert.ok(received.bytes.equals(bytes));
        close();
      });

      it('ends with store_reset when the store resets its connection', async () => {
        const bytes = randomBytes(8 * MIB);
        const { client, store, received, movement, close } = await moving(pump, {
          left: bytes.length,
          plan: plan(bytes),
        });
        void send(client, bytes).catch(() => {});
        await received.until(MIB);
        store.resetAndDestroy();
        const failure = assertFailed(await movement.done, 'store_reset');
        assert.match(failure.reason!, /^(EPIPE|ECONNRESET)$/);
        close();
      });

      it('ends with client_stalled after the idle timeout, and not before', async () => {
        const pace = { idleMillis: 400, leastRate: 0 };
        const { client, movement, received, close } = await moving(pump, {
          left: MIB,
          plan: plan(randomBytes(MIB)),
          pace,
        });
        const since = performance.now();
        client.write(randomBytes(100_000));
        assertFailed(await movement.done, 'client_stalled');
        assert.ok(performance.now() - since >= 400);
        assert.equal(received.length, 100_000);
        assert.ok(movement.figures.clientWaitSeconds >= 0.4, `${movement.figures.clientWaitSeconds}`);
        close();
      });

      it('ends with client_stalled if the client is slower than the minimum rate', async () => {
        const pace = { idleMillis: 300, leastRate: 1_000_000 };
        const { client, movement, close } = await moving(pump, { left: MIB, plan: plan(randomBytes(MIB)), pace });
        const drip = setInterval(() => client.write('x'.repeat(10)), 20);
        const failure = assertFailed(await movement.done, 'client_stalled');
        clearInterval(drip);
        assert.equal(failure.reason, 'below_minimum_rate');
        close();
      });

      it('ends with store_timeout when the store reads nothing for too long', async () => {
        const bytes = randomBytes(40 * MIB);
        const task = { left: bytes.length, plan: plan(bytes), stallMillis: 400 };
        const { client, movement, close } = await moving(pump, task, { reads: false });
        void send(client, bytes).catch(() => {});
        const failure = assertFailed(await movement.done, 'store_timeout');
        assert.equal(failure.reason, 'takes_nothing');
        assert.ok(movement.figures.storeWaitSeconds >= 0.4);
        close();
      });

      it('ends with the failure of an abort', async () => {
        const { client, movement, received, close } = await moving(pump, { left: MIB, plan: plan(randomBytes(MIB)) });
        client.write(randomBytes(1000));
        await received.until(1000);
        const cause = new Failure('shutting_down', 'a message', { reason: 'a reason' });
        movement.abort(cause);
        assert.equal((await movement.done).failure, cause);
        movement.abort(new Failure('overloaded')); // without effect
        close();
      });

      it('shows its progress while it moves', async () => {
        const bytes = randomBytes(6 * MIB);
        const { client, movement, received, close } = await moving(pump, { left: bytes.length, plan: plan(bytes) });
        client.write(bytes.subarray(0, MIB));
        await received.until(MIB);
        assert.equal(movement.figures.bytes, MIB);
        while (movement.figures.waitsFor !== 'client') await delay(1);
        const earlier = movement.figures.clientWaitSeconds;
        await delay(20);
        assert.ok(movement.figures.clientWaitSeconds > earlier);
        client.write(bytes.subarray(MIB));
        await movement.done;
        assert.equal(movement.figures.waitsFor, undefined);
        close();
      });
    });
  }

  it('never gives the store the last piece of a body with a wrong checksum', async () => {
    const bytes = randomBytes(3 * MIB);
    const plan = planOf(bytes, WRONG_CRC32);
    const { client, movement, received, close } = await moving(pump, { left: bytes.length, plan });
    await send(client, bytes);
    const moved = await movement.done;
    const failure = assertFailed(moved, 'checksum_mismatch');
    assert.equal(failure.code, 'BadDigest');
    assert.equal(moved.read, bytes.length);
    assert.ok(moved.sent < bytes.length);
    await received.until(moved.sent);
    assert.ok(received.length < bytes.length);
    close();
  });

  it('verifies bytes that were sent ahead with the rest', async () => {
    const bytes = randomBytes(MIB);
    const [first, rest] = [bytes.subarray(0, 50_000), bytes.subarray(50_000)];
    const { client, movement, close } = await moving(pump, { first, left: rest.length, plan: planOf(bytes) });
    await send(client, rest);
    const moved = await movement.done;
    assert.equal(moved.failure, undefined);
    assert.equal(movement.figures.bytes, bytes.length);
    close();
  });

  it('does not count as zero-copy if some bytes were sent ahead', async () => {
    const { client, movement, close } = await moving(pump, { first: Buffer.alloc(1), left: 100_000 });
    await send(client, randomBytes(100_000));
    assert.equal((await movement.done).spliced, false);
    close();
  });

  for (const ahead of [0, 1, 100_000, 3 * MIB]) {
    it(`changes aws-chunked framing to chunks of 1 MiB, with ${ahead} bytes read before`, async () => {
      const bytes = randomBytes(3 * MIB + 5);
      const { wire, plan } = framed(bytes);
      const expected = framed(bytes, crc32Of(bytes), MIB).wire;
      const first = wire.subarray(0, ahead);
      const { client, movement, received, close } = await moving(pump, { first, left: wire.length - ahead, plan });
      await send(client, wire.subarray(ahead));
      const moved = await movement.done;
      assert.equal(moved.failure, undefined);
      assert.deepEqual([moved.read, moved.sent], [wire.length - ahead, expected.length]);
      await received.until(expected.length);
      assert.ok(received.bytes.equals(expected));
      assert.equal(movement.figures.bytes, bytes.length, 'object bytes, without the framing');
      close();
    });
  }

  it('removes aws-chunked framing for a store that gets no trailer', async () => {
    const bytes = randomBytes(2 * MIB + 5);
    const { wire, plan } = framed(bytes);
    const { client, movement, received, close } = await moving(pump, {
      left: wire.length,
      plan: { ...plan, sent: undefined },
    });
    await send(client, wire);
    assert.equal((await movement.done).failure, undefined);
    await received.until(bytes.length);
    assert.ok(received.bytes.equals(bytes));
    close();
  });

  it('adds a checksum behind the bytes', async () => {
    const bytes = randomBytes(2 * MIB + 5);
    const sent = { header: 'x-amz-checksum-crc32', checksum: 'crc32' } as const;
    const plan = { ...planOf(bytes), promises: [], sent };
    const { client, movement, received, close } = await moving(pump, { left: bytes.length, plan });
    await send(client, bytes);
    assert.equal((await movement.done).failure, undefined);
    const expected = framed(bytes, crc32Of(bytes), MIB).wire;
    await received.until(expected.length);
    assert.ok(received.bytes.equals(expected));
    close();
  });

  it('ends a client that sends urgent bytes and nothing useful', async () => {
    const pace = { idleMillis: 400, leastRate: 1_000_000 };
    const { client, movement, close } = await moving(pump, { left: MIB, pace });
    const { fd } = (client as unknown as { _handle: { fd: number } })._handle;
    assert.equal(sendUrgent(fd), 1n);
    const drip = setInterval(() => client.write('x'), 50);
    assertFailed(await movement.done, 'client_stalled');
    clearInterval(drip);
    close();
  });

  it('reads a line of aws-chunked framing that arrives in two pieces', async () => {
    const bytes = randomBytes(MIB);
    const { wire, plan } = framed(bytes);
    const { client, movement, received, close } = await moving(pump, { left: wire.length, plan });
    const line = Buffer.byteLength('ea60\r\n');
    const cut = line + 60_000 + 2 + 2; // within the size of the second chunk
    client.write(wire.subarray(0, cut));
    await received.until(60_000);
    await send(client, wire.subarray(cut));
    assert.equal((await movement.done).failure, undefined);
    const expected = framed(bytes, crc32Of(bytes), MIB).wire;
    await received.until(expected.length);
    assert.ok(received.bytes.equals(expected));
    close();
  });

  const bytes = randomBytes(MIB);
  const { wire } = framed(bytes);
  const broken = Buffer.from(wire);
  broken[60_009] = broken[60_009]! ^ 0xff;
  const FORGED = [
    { name: 'a wrong trailer', wire: framed(bytes, WRONG_CRC32).wire, type: 'checksum_mismatch' },
    { name: 'a changed byte', wire: broken, type: /^(checksum_mismatch|invalid_chunk)$/ },
    {
      name: 'another trailer',
      wire: Buffer.from(wire.toString('latin1').replace('crc32:', 'sha1_:'), 'latin1'),
      type: 'malformed_trailer',
    },
    { name: 'no end', wire: Buffer.concat([wire.subarray(0, -5), Buffer.from('x\r\n\r\n')]), type: /./ },
  ];
  for (const { name, wire, type } of FORGED) {
    it(`never gives the store all of an aws-chunked body with ${name}`, async () => {
      const { plan } = framed(bytes);
      const { client, movement, close } = await moving(pump, { left: wire.length, plan });
      await send(client, wire).catch(() => {});
      const { failure, sent } = await movement.done;
      assert.match(failure?.type ?? 'none', new RegExp(type));
      assert.ok(sent < wire.length);
      close();
    });
  }

  it('moves 64 bodies at once, slow stores among them', async () => {
    const bytes = randomBytes(2 * MIB + 17);
    const sum = hash('sha256', bytes);
    const one = async (i: number): Promise<void> => {
      const plan = i % 2 === 0 ? undefined : planOf(bytes);
      const { client, store, movement, received, close } = await moving(pump, { left: bytes.length, plan });
      if (i % 8 === 0) {
        store.on('data', () => {
          store.pause();
          setImmediate(() => store.resume());
        });
      }
      await send(client, bytes);
      assert.equal((await movement.done).failure, undefined);
      await received.until(bytes.length);
      assert.equal(hash('sha256', received.bytes), sum);
      close();
    };
    await Promise.all(Array.from({ length: 64 }, (_, i) => one(i)));
  });

  it('keeps no descriptor', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const run = async (i: number): Promise<void> => {
      const { client, store, movement, received, close } = await moving(pump, {
        left: MIB,
        plan: i % 2 ? planOf(randomBytes(MIB)) : undefined,
      });
      const closed = Promise.all([client, store].map((socket) => once(socket, 'close').catch(() => {})));
      client.write(randomBytes(200_000));
      await received.until(100_000);
      if (i % 3 === 0) client.resetAndDestroy();
      else if (i % 3 === 1) store.resetAndDestroy();
      else movement.abort(new Failure('shutting_down'));
      if (i % 3 === 1) client.write(randomBytes(MIB));
      await movement.done;
      close();
      await closed;
    };
    await run(0);
    const before = count();
    for (let i = 0; i < 30; i++) await run(i);
    for (let i = 0; i < 50 && count() > before; i++) await delay(20);
    assert.ok(count() <= before + 2, `${before} before, ${count()} after`);
  });
});
