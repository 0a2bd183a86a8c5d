/** Who gets a place when, and who is sent away. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairLine } from '../../../src/kit/fair-line.ts';

const NEVER = new AbortController().signal;
const FULL = 'the line is full';

function lineOf(options: { places: number; waiting?: number; millis?: number }): FairLine {
  return new FairLine({ waiting: 1000, millis: 60_000, refusal: () => new Error(FULL), ...options });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Notes who gets a place, in the order in which they get it. */
class Notes {
  readonly served: string[] = [];
  readonly refused: string[] = [];
  readonly holders: (string | undefined)[] = [];
  readonly #line: FairLine;

  constructor(line: FairLine) {
    this.#line = line;
  }

  enter(name: string, caller: string | undefined, work = '', signal = NEVER): void {
    const place = this.#line.enter(caller, work, signal) ?? Promise.resolve(0);
    place.then(
      () => {
        this.served.push(name);
        this.holders.push(caller);
      },
      () => this.refused.push(name),
    );
  }

  /** Gives places back until nobody waits. */
  async drain(): Promise<void> {
    await turn();
    while (this.holders.length > 0) {
      this.#line.leave(this.holders.shift());
      await turn();
    }
    assert.deepEqual([this.#line.used, this.#line.waiting], [0, 0]);
  }
}

describe('a fair line', () => {
  it('grants all places at once, and the next one when a place is released', async () => {
    const line = lineOf({ places: 2 });
    assert.equal(line.enter('a', '', NEVER), undefined);
    assert.equal(line.enter('a', '', NEVER), undefined);
    const third = line.enter('a', '', NEVER);
    assert.deepEqual([line.used, line.waiting], [2, 1]);
    line.leave('a');
    assert.ok((await third)! >= 0);
    assert.deepEqual([line.used, line.waiting], [2, 0]);
    line.leave('a');
    line.leave('a');
    assert.deepEqual([line.used, line.waiting], [0, 0]);
  });

  it('serves callers round-robin, at any number of requests', async () => {
    const line = lineOf({ places: 1 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    for (let i = 0; i < 100; i++) notes.enter(`greedy ${i}`, 'greedy');
    notes.enter('anna', 'anna');
    notes.enter('ben', 'ben');
    notes.enter('anna again', 'anna');
    await notes.drain();
    assert.deepEqual(notes.served.slice(0, 6), ['first', 'greedy 0', 'anna', 'ben', 'greedy 1', 'anna again']);
    assert.equal(notes.served.length, 104);
  });

  it('gives a free place to the caller that holds the fewest', async () => {
    const line = lineOf({ places: 3 });
    const notes = new Notes(line);
    const gone = new AbortController();
    for (let i = 0; i < 20; i++) notes.enter(`greedy ${i}`, 'greedy', '', gone.signal);
    for (let i = 0; i < 3; i++) for (const name of ['anna', 'ben']) notes.enter(name, name);
    await turn();
    assert.deepEqual(notes.served, ['greedy 0', 'greedy 1', 'greedy 2']);
    line.leave('greedy');
    line.leave('greedy');
    for (let i = 0; i < 4; i++) line.leave(i % 2 ? 'ben' : 'anna');
    await turn();
    assert.deepEqual(notes.served.slice(3), ['anna', 'ben', 'anna', 'ben', 'anna', 'ben']);
    gone.abort();
  });

  it('lets one caller hold 90 % of the places, and reserves the others for callers that hold fewer than are free', async () => {
    for (const [places, most] of [
      [1, 1],
      [3, 3],
      [4, 3],
      [64, 58],
      [256, 231],
    ] as const) {
      const line = lineOf({ places });
      const notes = new Notes(line);
      for (let i = 0; i < 300; i++) notes.enter('greedy', 'greedy');
      assert.deepEqual([line.used, line.waiting], [most, 300 - most]);
      for (let i = most; i < places; i++) assert.equal(line.enter(`honest ${i}`, '', NEVER), undefined);
      for (let i = most; i < places; i++) line.leave(`honest ${i}`);
      assert.deepEqual([line.used, line.waiting], [most, 300 - most], 'what comes back stays free');
      await notes.drain();
      assert.equal(notes.served.length, 300);
    }
  });

  it('grants all remaining places while some are held permanently', () => {
    const line = lineOf({ places: 4 });
    const gone = new AbortController();
    for (let i = 0; i < 300; i++) line.enter('greedy', '', gone.signal)?.catch(() => {});
    for (let i = 0; i < 1000; i++) {
      assert.equal(line.enter('anna', '', NEVER), undefined);
      line.leave('anna');
    }
    assert.equal(line.used, 3);
    gone.abort();
  });

  it('serves the works of one caller round-robin', async () => {
    const line = lineOf({ places: 1 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    for (let i = 0; i < 10; i++) notes.enter(`part ${i}`, 'anna', 'large');
    notes.enter('small', 'anna', 'small');
    await notes.drain();
    assert.deepEqual(notes.served.slice(0, 4), ['first', 'part 0', 'small', 'part 1']);
  });

  it('serves work with priority first', async () => {
    const line = lineOf({ places: 1, waiting: 1 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    notes.enter('anna', 'anna');
    notes.enter('undo', undefined);
    await notes.drain();
    assert.deepEqual(notes.served, ['first', 'undo', 'anna']);
  });

  it('rejects work of the caller with the most entries when it is full', async () => {
    const line = lineOf({ places: 1, waiting: 4 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    for (let i = 0; i < 6; i++) notes.enter(`greedy ${i}`, 'greedy');
    for (const name of ['anna', 'ben', 'cleo']) notes.enter(name, name);
    await notes.drain();
    assert.deepEqual(notes.refused, ['greedy 4', 'greedy 5', 'greedy 3', 'greedy 2', 'greedy 1']);
    assert.deepEqual(notes.served, ['first', 'greedy 0', 'anna', 'ben', 'cleo']);
  });

  it('rejects work that has waited too long', async () => {
    const line = lineOf({ places: 1, millis: 1 });
    assert.equal(line.enter('x', '', NEVER), undefined);
    await assert.rejects(line.enter('anna', '', NEVER)!, { message: FULL });
    assert.deepEqual([line.used, line.waiting], [1, 0]);
  });

  it('removes aborted work from the queue', async () => {
    const line = lineOf({ places: 1 });
    const notes = new Notes(line);
    const gone = new AbortController();
    notes.enter('first', 'x');
    notes.enter('gone', 'anna', '', gone.signal);
    notes.enter('ben', 'ben');
    gone.abort(new Error('gone'));
    assert.equal(line.waiting, 1);
    await notes.drain();
    assert.deepEqual([notes.served, notes.refused], [['first', 'ben'], ['gone']]);
    await assert.rejects(async () => {
      assert.equal(line.enter('x', '', NEVER), undefined);
      await line.enter('late', '', gone.signal);
    }, /gone/);
  });
});
