import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Aged, AgeList } from '../../../src/kit/age-list.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';

interface Item extends Aged<Item> {
  readonly name: number;
}

const item = (name: number): Item => ({ name, older: undefined, newer: undefined });

function namesOf(list: AgeList<Item>): number[] {
  const names: number[] = [];
  for (let at = list.oldest; at !== undefined; at = at.newer) names.push(at.name);
  return names;
}

describe('a list by age', () => {
  it('behaves like an array for any additions and removals', () => {
    const random = seededRandom(7);
    const [list, array] = [new AgeList<Item>(), [] as Item[]];
    for (let i = 0; i < 2_000; i++) {
      if (array.length === 0 || random() < 0.52) {
        const added = item(i);
        list.add(added);
        array.push(added);
      } else {
        const [gone] = array.splice(Math.floor(random() * array.length), 1);
        list.remove(gone!);
        assert.deepEqual([gone!.older, gone!.newer], [undefined, undefined], 'what is gone holds nothing');
      }
      assert.deepEqual(
        namesOf(list),
        array.map(({ name }) => name),
      );
    }
  });
});
