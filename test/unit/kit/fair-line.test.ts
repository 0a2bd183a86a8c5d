/** Who gets a place when, and who is sent away. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairLine } from '../../../src/kit/fair-line.ts';

const NEVER = new AbortController().signal;
const FULL = 'the line is full';

function lineOf(options: { places: number; waiting?: number; millis?: number }): FairLine {
  return new FairLine({ waiting: 1000, millis: 60_000, refusal: () => new Error(FULL), ...options });
}

/** Notes who gets a place, in the order in which they get it. */
class Notes {
  readonly served: string[] = [];
  readonly refused: string[] = [];
  readonly #line: FairLine;

  constructor(line: FairLine) {
    this.#line = line;
  }

  enter(name: string, caller: string | undefined, work = '', signal = NEVER): void {
    const place = this.#line.enter(caller, work, signal) ?? Promise.resolve(0);
    place.then(
      () => this.served.push(name),
      () => this.refused.push(name),
    );
  }

  /** Gives places back until nobody waits. */
  async drain(): Promise<void> {
    while (this.#line.used > 0) {
      this.#line.leave();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('a fair line', () => {
  it('gives as many places as there are at once, and the next when one is given back', async () => {
    const line = lineOf({ places: 2 });
    assert.equal(line.enter('a', '', NEVER), undefined);
    assert.equal(line.enter('a', '', NEVER), undefined);
    const third = line.enter('a', '', NEVER);
    assert.deepEqual([line.used, line.waiting], [2, 1]);
    line.leave();
    assert.ok((await third)! >= 0);
    assert.deepEqual([line.used, line.waiting], [2, 0]);
    line.leave();
    line.leave();
    assert.deepEqual([line.used, line.waiting], [0, 0]);
  });

  it('serves callers in turn, however much one of them asks for', async () => {
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

  it('serves the works of one caller in turn, so that one in many pieces does not keep the others waiting', async () => {
    const line = lineOf({ places: 1 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    for (let i = 0; i < 10; i++) notes.enter(`part ${i}`, 'anna', 'large');
    notes.enter('small', 'anna', 'small');
    await notes.drain();
    assert.deepEqual(notes.served.slice(0, 4), ['first', 'part 0', 'small', 'part 1']);
  });

  it('serves what goes first before all others', async () => {
    const line = lineOf({ places: 1, waiting: 1 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    notes.enter('anna', 'anna');
    notes.enter('undo', undefined);
    await notes.drain();
    assert.deepEqual(notes.served, ['first', 'undo', 'anna']);
  });

  it('sends away who has the most in it when it is full, and never the one with less', async () => {
    const line = lineOf({ places: 1, waiting: 4 });
    const notes = new Notes(line);
    notes.enter('first', 'x');
    for (let i = 0; i < 6; i++) notes.enter(`greedy ${i}`, 'greedy');
    for (const name of ['anna', 'ben', 'cleo']) notes.enter(name, name);
    await notes.drain();
    assert.deepEqual(notes.refused, ['greedy 4', 'greedy 5', 'greedy 3', 'greedy 2', 'greedy 1']);
    assert.deepEqual(notes.served, ['first', 'greedy 0', 'anna', 'ben', 'cleo']);
  });

  it('sends away who has waited too long', async () => {
    const line = lineOf({ places: 1, millis: 1 });
    assert.equal(line.enter('x', '', NEVER), undefined);
    await assert.rejects(line.enter('anna', '', NEVER)!, { message: FULL });
    assert.deepEqual([line.used, line.waiting], [1, 0]);
  });

  it('frees the place of those who go away', async () => {
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
