import assert from 'node:assert/strict';
import { it } from 'node:test';
import { growth, repeated } from '../../support/growth.ts';

it('time that grows with the square of the size is found', async () => {
  const quadratic = (length: number) => () => repeated(' ', length).concat('x').replace(/ +$/g, '');
  assert.match((await growth(quadratic, 16 * 1024)).complaint ?? '', /^16 times the input takes \d{3} times/);
});
