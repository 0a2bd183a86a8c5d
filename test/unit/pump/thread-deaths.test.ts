/** A pump whose threads die, are stopped, or have no room. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setEnvironmentData } from 'node:worker_threads';
import { Pump } from '../../../src/pump/pump.ts';
import { socketPair } from '../../support/socket-pair.ts';
import { connections, moving, send } from './moving.ts';

const MIB = 1024 * 1024;
const MORTAL = new URL('../../support/mortal-pump-thread.ts', import.meta.url);
/** A plan with a checksum that does not exist: the thread fails with it, as with a defect. */
const DEFECT = {
  kind: 'object',
  length: MIB,
  most: MIB,
  trailer: undefined,
  sent: undefined,
  promises: [{ header: 'x', checksum: 'none' as 'crc32', value: '', code: 'BadDigest' }],
  isFramed: false,
} as const;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** @returns what lets all mortal threads die, or live. */
function mortality(): (dies: boolean) => void {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData('pump threads die', flag.buffer);
  return (dies) => void Atomics.store(flag, 0, dies ? 1 : 0);
}

describe('a pump thread', () => {
  it('fails the transfer of a defect, and no other one', async () => {
    const pump = await Pump.start(1, { died: assert.fail });
    const good = await moving(pump, { left: MIB });
    const bad = await moving(pump, { left: MIB, plan: DEFECT });
    assert.equal((await bad.movement.done).failure?.type, 'internal_error');
    await send(good.client, randomBytes(MIB));
    assert.equal((await good.movement.done).failure, undefined);
    for (const each of [good, bad]) each.close();
    await pump.stop();
  });

  it('that fails at its start is an error, and nothing is left open', async () => {
    const before = descriptors();
    const program = new URL('data:text/javascript,throw new Error("no descriptor is free")');
    await assert.rejects(Pump.start(2, { died: assert.fail }, program), /no descriptor is free/);
    assert.ok(descriptors() <= before);
  });

  it('fails its transfers when it dies, and another thread takes the next', async () => {
    const setMortal = mortality();
    const died = Promise.withResolvers<readonly [message: string | undefined, isLast: boolean]>();
    const events = { died: (error: Error | undefined, isLast: boolean) => died.resolve([error?.message, isLast]) };
    const pump = await Pump.start(1, events, MORTAL);
    const before = descriptors();
    const first = await moving(pump, { left: 4 * MIB });
    first.client.write(randomBytes(MIB));
    await first.received.until(MIB);
    setMortal(true);
    const { failure, sent } = await first.movement.done;
    setMortal(false);
    assert.deepEqual(
      [failure?.type, failure?.reason, failure?.outcome],
      ['internal_error', 'pump_thread_died', 'not_stored'],
    );
    assert.equal(sent, MIB);
    assert.deepEqual(await died.promise, [undefined, false]);
    while (pump.threads === 0) await delay(5);
    const second = await moving(pump, { left: MIB });
    await send(second.client, randomBytes(MIB));
    assert.equal((await second.movement.done).failure, undefined);
    for (const each of [first, second]) each.close();
    await pump.stop();
    for (let i = 0; i < 100 && descriptors() > before; i++) await delay(20);
    assert.ok(descriptors() <= before, `${before} before, ${descriptors()} after`);
  });

  it('leaves the connection of the client readable for each byte when it dies', async () => {
    const setMortal = mortality();
    const pump = await Pump.start(1, { died() {} }, MORTAL);
    const between = await connections();
    const { client, received, movement, close } = await moving(pump, { left: 4 * MIB }, { between });
    client.write(randomBytes(MIB));
    await received.until(MIB);
    setMortal(true);
    assert.equal((await movement.done).failure?.reason, 'pump_thread_died');
    setMortal(false);
    client.write('few bytes');
    const [bytes] = await once(between.from.far.resume(), 'data', { signal: AbortSignal.timeout(5_000) });
    assert.equal(String(bytes), 'few bytes');
    close();
    await pump.stop();
  });

  it('fails a transfer into memory when it dies', async () => {
    const setMortal = mortality();
    const pump = await Pump.start(1, { died() {} }, MORTAL);
    const { near, far, close } = await socketPair();
    const plan = { ...DEFECT, promises: [] };
    const pace = { idleMillis: 20_000, leastRate: 0 };
    const filling = pump.reserve(far)!.fill({ first: Buffer.alloc(0), left: MIB, plan, pace, partChecksum: undefined });
    near.write(randomBytes(100_000));
    assert.equal(await filling.wantsMemory(), true);
    filling.give(Buffer.alloc(64 * 1024));
    assert.equal(await filling.wantsMemory(), true);
    setMortal(true);
    const { failure } = await filling.done;
    setMortal(false);
    assert.equal(failure?.reason, 'pump_thread_died');
    assert.equal(await filling.wantsMemory(), false);
    filling.give(Buffer.alloc(1));
    assert.equal(await filling.endPart(), undefined);
    while (pump.threads === 0) await delay(5);
    close();
    await pump.stop();
  });

  it('ends a transfer into memory when it is stopped', async () => {
    const pump = await Pump.start(1, { died: assert.fail });
    const { near, far, close } = await socketPair();
    const plan = { ...DEFECT, promises: [] };
    const pace = { idleMillis: 20_000, leastRate: 0 };
    const filling = pump.reserve(far)!.fill({ first: Buffer.alloc(0), left: MIB, plan, pace, partChecksum: undefined });
    near.write(randomBytes(100_000));
    await filling.wantsMemory();
    await pump.stop();
    assert.equal((await filling.done).failure?.type, 'shutting_down');
    close();
  });

  it('is not replaced when it dies again and again', async () => {
    const setMortal = mortality();
    const deaths: boolean[] = [];
    const pump = await Pump.start(1, { died: (_, isLast) => void deaths.push(isLast) }, MORTAL);
    while (!deaths.includes(true)) {
      setMortal(false);
      while (pump.threads === 0 && !deaths.includes(true)) await delay(5);
      if (pump.threads === 0) break;
      const one = await moving(pump, { left: MIB });
      setMortal(true);
      assert.equal((await one.movement.done).failure?.reason, 'pump_thread_died');
      one.close();
    }
    const { far, close } = await socketPair();
    assert.equal(pump.reserve(far), undefined);
    close();
    assert.equal(pump.threads, 0);
    await pump.stop();
  });
});
