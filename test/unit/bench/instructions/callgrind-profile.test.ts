import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProfile } from '../../../../bench/support/instructions/callgrind-profile.ts';

const FILE = `# callgrind format
version: 1
thread: 5
positions: line
events: Ir
summary: 190

ob=(1) /usr/bin/node
fl=(1) ???
fn=(1) main
0 10
+3 5
cob=(2) /lib/libc.so.6
cfi=(2) ./malloc.c
cfn=(2) malloc
calls=4 0x98ef0
0 100
* 5
cfn=(1)
calls=1 0
-3 7

fn=(2)
0 40
fn=(3) 0x0000000018094980
0 20
cfn=(2)
calls=2 0
0 50
`;

describe('a profile of callgrind', () => {
  const { thread, functions } = readProfile(FILE, (name) => (name.startsWith('0x') ? 'main' : name));
  const main = functions.get('main')!;
  const malloc = functions.get('malloc')!;

  it('is of one thread', () => assert.equal(thread, 5));

  it('has the cost of each function alone, with one name for all its addresses', () => {
    assert.deepEqual([main.self, malloc.self], [40, 40]);
  });

  it('has the calls of each caller, without those of the function by itself', () => {
    assert.deepEqual([...malloc.callers], [[main, { count: 6, instructions: 150 }]]);
    assert.equal(main.callers.size, 0);
  });
});
