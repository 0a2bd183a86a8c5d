import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Failure } from '../../../../../src/domain/failure.ts';
import { seededRandom } from '../../../../../src/kit/seeded-random.ts';
import { Part } from '../../../../../src/upload/ways/split/part.ts';
import {
  type MemoryShare,
  PartMemory,
  type PartMemoryOptions,
} from '../../../../../src/upload/ways/split/part-memory.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const NEVER = new AbortController().signal;

const memoryOf = (limitBytes: number, more: Partial<PartMemoryOptions> = {}): PartMemory =>
  new PartMemory({ limitBytes, leastBytes: 5 * MIB, waitMillis: 30_000, fairRate: 64 * KIB, ...more });

interface Upload {
  readonly share: MemoryShare;
  readonly part: Part;
  readonly failures: Failure[];
}

function uploadTo(memory: PartMemory, client = 'c'): Upload {
  const failures: Failure[] = [];
  const leastBytes = 5 * MIB;
  const share = memory.open({ leastBytes, client, isCounted: false, refuse: (failure) => void failures.push(failure) });
  share.rate.waits();
  return { share, part: new Part(memory, share, { leastBytes, mostBytes: 16 * MIB }, true), failures };
}

/** As many of these bytes as there is memory for. @returns whether there was for all. */
function fill({ part }: Upload, bytes: number): boolean {
  for (let left = bytes; left > 0; ) {
    const taken = part.write(Buffer.alloc(Math.min(left, 64 * KIB)));
    if (taken === 0) return false;
    left -= taken;
  }
  return true;
}

describe('PartMemory', () => {
  it('has room for a new upload however many have begun and want more', () => {
    for (const count of [9, 50]) {
      const memory = memoryOf(48 * MIB);
      const uploads = Array.from({ length: count }, () => uploadTo(memory));
      for (let i = 0; i < 1000; i++) for (const upload of uploads) fill(upload, 4 * KIB);
      assert.equal(fill(uploadTo(memory), 128 * KIB), true, String(count));
      assert.ok(memory.reservedBytes <= memory.limitBytes);
    }
  });

  it('needs nothing for small uploads, even when all of it is in use', () => {
    const memory = memoryOf(8 * MIB);
    const uploads = Array.from({ length: 500 }, () => uploadTo(memory));
    for (const upload of uploads) fill(upload, 6 * MIB);
    for (let i = 0; i < 1000; i++) assert.equal(fill(uploadTo(memory), 64 * KIB), true);
  });

  it('counts each upload of declared length with one part, although it holds nothing yet', () => {
    const memory = memoryOf(48 * MIB);
    const shares: MemoryShare[] = [];
    while (memory.canSplit(5 * MIB))
      shares.push(memory.open({ leastBytes: 5 * MIB, client: 'c', isCounted: true, refuse() {} }));
    assert.equal(shares.length, 9);
    assert.equal(memory.reservedBytes, 0);
    memory.close(shares[0]!);
    assert.equal(memory.canSplit(5 * MIB), true);
  });

  it('serves an upload that has nothing before one that has more, and equals in their order', async () => {
    const memory = memoryOf(8 * MIB);
    const holder = uploadTo(memory);
    fill(holder, 5 * MIB);
    const uploads = Array.from({ length: 40 }, () => uploadTo(memory));
    for (const upload of uploads) fill(upload, 128 * KIB);
    for (const upload of uploads) fill(upload, 1 * MIB);
    const rich = uploads[0]!;
    const [poor, poorToo] = [uploadTo(memory), uploadTo(memory)];
    assert.deepEqual([fill(rich, MIB), fill(poor, 128 * KIB), fill(poorToo, 128 * KIB)], [false, false, false]);
    const order: string[] = [];
    const wait = (upload: Upload, name: string) =>
      upload.part.waitForMemory(NEVER).then(() => {
        order.push(name);
        assert.equal(fill(upload, KIB), true);
      });
    const all = [wait(rich, 'rich'), wait(poor, 'poor'), wait(poorToo, 'poor, too')];
    assert.equal(memory.waiting, 3);
    for (const upload of uploads.slice(1)) upload.part.free(true);
    holder.part.free(true);
    await Promise.all(all);
    assert.deepEqual(order, ['poor', 'poor, too', 'rich']);
    assert.equal(memory.waiting, 0);
  });

  it('serves the client that has less first, however many uploads of another wait longer', async () => {
    const memory = memoryOf(8 * MIB);
    const holder = uploadTo(memory, 'greedy');
    fill(holder, 5 * MIB);
    const uploads = [...Array.from({ length: 50 }, () => uploadTo(memory, 'greedy')), uploadTo(memory, 'modest')];
    const order: string[] = [];
    const gone = new AbortController();
    const all = uploads.map(async (upload) => {
      while (fill(upload, 64 * KIB));
      await upload.part.waitForMemory(gone.signal);
      order.push(upload.share.client);
    });
    assert.equal(memory.waiting, 51);
    holder.part.free(true);
    await all.at(-1);
    assert.equal(order[0], 'modest');
    gone.abort(new Error('gone'));
    await Promise.allSettled(all);
  });

  it('has room for another client, however much one client has begun', () => {
    const memory = memoryOf(48 * MIB);
    for (let i = 0; i < 500; i++) fill(uploadTo(memory, 'greedy'), 5 * MIB);
    for (let i = 0; i < 20; i++) assert.equal(fill(uploadTo(memory, 'modest'), 128 * KIB), true, String(i));
  });

  it('has secured parts for other clients, however many uploads one client has, and nearly all of them for a lone one', () => {
    const memory = memoryOf(48 * MIB);
    const whole = (client: string, count: number): Upload[] => {
      const uploads = Array.from({ length: count }, () => uploadTo(memory, client));
      return uploads.filter((upload) => fill(upload, 5 * MIB));
    };
    const greedy = whole('greedy', 300);
    assert.equal(greedy.length, 6, 'of seven');
    const [modest] = whole('modest', 1);
    assert.ok(modest, 'another client has one at once');
    for (const { part } of greedy.splice(0)) part.free(true);
    greedy.push(...whole('greedy', 300));
    assert.equal(greedy.length, 3, 'beside another client it takes no more than it leaves');
    assert.equal(whole('third', 1).length, 1);
    for (const { part } of [...greedy, modest]) part.free(true);
  });

  it('gives what comes back to the client that has no secured part, and then to the one that has some', async () => {
    const memory = memoryOf(48 * MIB);
    const gone = new AbortController();
    const order: string[] = [];
    const wait = async (upload: Upload): Promise<void> => {
      while (fill(upload, 64 * KIB));
      if (upload.part.isWhole) return;
      await upload.part.waitForMemory(gone.signal);
      order.push(upload.share.client);
    };
    const greedy = Array.from({ length: 12 }, () => uploadTo(memory, 'greedy'));
    const all = greedy.map(wait);
    const modest = Array.from({ length: 3 }, () => uploadTo(memory, 'modest'));
    all.push(...modest.map(wait));
    order.length = 0;
    for (const { part } of greedy.filter(({ part }) => part.isWhole)) {
      part.free(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(order[0], 'modest');
    gone.abort(new Error('gone'));
    await Promise.allSettled(all);
  });

  it('lets no upload overtake one in line that holds less', async () => {
    const memory = memoryOf(8 * MIB);
    const holder = uploadTo(memory);
    fill(holder, 5 * MIB);
    const rich = uploadTo(memory);
    fill(rich, 900 * KIB);
    const uploads: Upload[] = [];
    while (uploads.length < 100 && fill(uploads[uploads.push(uploadTo(memory)) - 1]!, 100 * KIB));
    const poor = uploads.pop()!;
    const waiting = poor.part.waitForMemory(NEVER);
    assert.equal(memory.waiting, 1);
    assert.equal(fill(rich, MIB), false);
    uploads[0]!.part.free(true);
    await waiting;
    assert.equal(fill(poor, KIB), true);
  });

  it('forgets an upload that does not wait any more, and serves those behind it', async () => {
    const memory = memoryOf(8 * MIB);
    const [holder, impatient] = [uploadTo(memory), uploadTo(memory)];
    fill(holder, 3 * MIB);
    fill(impatient, 3 * MIB);
    const gone = new AbortController();
    const waiting = impatient.part.waitForMemory(gone.signal);
    gone.abort(new Error('gone'));
    await assert.rejects(waiting, { message: 'gone' });
    await assert.rejects(impatient.part.waitForMemory(gone.signal), { message: 'gone' });
    assert.equal(memory.waiting, 0);
    impatient.part.free(false);
    holder.part.free(true);
    assert.equal(memory.reservedBytes, 0);
  });

  it('prefers the fast client among uploads that lack the rest of a part, and serves the slow one in time', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const memory = memoryOf(8 * MIB, { fairRate: 0 });
    const holder = uploadTo(memory);
    fill(holder, 3 * MIB);
    const [slow, fast, newer] = [uploadTo(memory), uploadTo(memory), uploadTo(memory)];
    const order: string[] = [];
    const enter = (upload: Upload, name: string, rate: number): Promise<void> => {
      now += 1_000;
      upload.share.rate.came(rate);
      while (fill(upload, KIB));
      return upload.part.waitForMemory(NEVER).then(() => void order.push(name));
    };
    const all = [enter(slow, 'slow', 100 * KIB), enter(fast, 'fast', 10 * MIB)];
    now += 1_000;
    holder.part.free(true);
    await all[1];
    now += 100_000;
    all.push(enter(newer, 'newer and fast', 10 * MIB));
    now += 1;
    fast.part.free(true);
    await all[0];
    newer.part.free(true);
    assert.deepEqual(order.slice(0, 2), ['fast', 'slow']);
    slow.part.free(true);
    await Promise.all(all);
    assert.equal(memory.waiting, 0);
  });

  describe('refuses slow uploads', () => {
    function start(t: TestContext, options: Partial<PartMemoryOptions> = {}) {
      t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
      let now = 0;
      t.mock.method(performance, 'now', () => now);
      const memory = memoryOf(8 * MIB, options);
      const [slow, waiting] = [uploadTo(memory), uploadTo(memory)];
      fill(slow, 3 * MIB);
      slow.share.rate.came(3 * MIB);
      slow.share.rate.waits();
      const pass = (seconds: number): void => {
        for (let i = 0; i < seconds; i++) {
          now += 1_000;
          t.mock.timers.tick(1_000);
        }
      };
      const wait = (): Promise<void> => {
        waiting.share.rate.came(0);
        while (fill(waiting, 64 * KIB));
        return waiting.part.waitForMemory(NEVER);
      };
      return { memory, slow, waiting, pass, wait };
    }

    it('while another waits for what they hold, with their own reason', async (t) => {
      const { memory, slow, pass, wait } = start(t);
      pass(60);
      assert.deepEqual(slow.failures, [], 'nobody waits');
      const served = wait();
      assert.equal(memory.waiting, 1);
      pass(2);
      assert.deepEqual(
        slow.failures.map(({ type, reason, status, code }) => [type, reason, status, code]),
        [['overloaded', 'below_fair_rate', 503, 'SlowDown']],
      );
      pass(5);
      assert.equal(slow.failures.length, 1, 'once');
      slow.part.free(false);
      await served;
      assert.deepEqual(memory.refusals, { no_part_memory: 0, below_fair_rate: 1 });
    });

    it('after their grace period, and not as long as they are fast enough', async (t) => {
      const { memory, slow, pass, wait } = start(t);
      const late = assert.rejects(wait(), { type: 'overloaded', reason: 'no_part_memory' });
      pass(4);
      assert.deepEqual(slow.failures, []);
      for (let i = 0; i < 27; i++) {
        slow.share.rate.came(64 * KIB + 100);
        slow.share.rate.waits();
        pass(1);
      }
      await late;
      assert.deepEqual(slow.failures, []);
      assert.deepEqual(memory.refusals, { no_part_memory: 1, below_fair_rate: 0 });
    });

    it('and uploads that send nothing', (t) => {
      const { slow, pass, wait } = start(t);
      void wait().catch(() => {});
      pass(12);
      assert.equal(slow.failures.length, 1);
    });

    it('but only until they free the missing memory', (t) => {
      const { memory, slow, pass, wait } = start(t);
      const others = Array.from({ length: 5 }, () => uploadTo(memory));
      for (const other of others) fill(other, 128 * KIB);
      pass(30);
      void wait().catch(() => {});
      pass(5);
      assert.equal(slow.failures.length, 1);
      assert.deepEqual(
        others.flatMap(({ failures }) => failures),
        [],
      );
    });

    it('not if the rate is 0', (t) => {
      const { slow, pass, wait } = start(t, { fairRate: 0 });
      void wait().catch(() => {});
      pass(29);
      assert.deepEqual(slow.failures, []);
    });

    it('and never the only one that waits', (t) => {
      const { memory, waiting, slow, pass, wait } = start(t);
      slow.share.rate.ends();
      void wait().catch(() => {});
      waiting.share.rate.waits();
      assert.equal(memory.waiting, 1);
      pass(25);
      assert.deepEqual(waiting.failures, []);
    });
  });

  /** Every upload has as many bytes as it likes, and goes on as soon as it can; parts are stored in any order. */
  for (const [limit, least, count] of [
    [8, 5, 60],
    [8, 5, 3],
    [5, 5, 20],
    [48, 5, 100],
    [24, 16, 30],
    [16, 16, 12],
  ] as const) {
    it(`never lets ${count} uploads wait for each other in ${limit} MiB, with parts of up to ${least} MiB at least`, async () => {
      for (let seed = 1; seed <= 3; seed++) await storm(limit * MIB, least * MIB, count, seed);
    });
  }
});

async function storm(limitBytes: number, largestLeast: number, count: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const memory = memoryOf(limitBytes, { leastBytes: largestLeast, fairRate: 0 });
  const underWay: (() => void)[] = [];
  let unfinished = count;
  const chunk = Buffer.alloc(256 * KIB);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  async function upload(): Promise<void> {
    const leastBytes = random() < 0.5 ? 5 * MIB : largestLeast;
    const share = memory.open({
      leastBytes,
      client: String(Math.floor(random() * 5)),
      isCounted: random() < 0.5,
      refuse() {},
    });
    const size = { leastBytes, mostBytes: Math.max(8 * MIB, leastBytes) };
    let left = Math.floor(random() * 20 * MIB);
    const sending: Promise<void>[] = [];
    const ship = (part: Part): void => {
      part.seal();
      const { promise, resolve } = Promise.withResolvers<void>();
      underWay.push(resolve);
      sending.push(promise.then(() => part.free(random() < 0.9)));
    };
    let part = new Part(memory, share, size, true);
    while (left > 0) {
      const taken = part.write(chunk.subarray(0, left));
      left -= taken;
      if (random() < 0.3) await turn();
      if (taken > 0) continue;
      if (!part.isWhole) await part.waitForMemory(NEVER);
      else {
        ship(part);
        if (sending.length > 2) await Promise.race(sending);
        part = new Part(memory, share, size, false);
      }
    }
    ship(part);
    await Promise.all(sending);
    memory.close(share);
    unfinished--;
  }

  const all = Promise.all(Array.from({ length: count }, upload));
  while (unfinished > 0) {
    await turn();
    assert.ok(memory.reservedBytes <= limitBytes);
    const canGoOn = unfinished === 0 || underWay.length > 0 || memory.waiting < unfinished;
    assert.ok(canGoOn, `seed ${seed}: ${unfinished} wait for each other`);
    if (underWay.length > 0 && random() < 0.7) underWay.splice(Math.floor(random() * underWay.length), 1)[0]!();
  }
  await all;
  assert.equal(memory.reservedBytes, 0);
}
