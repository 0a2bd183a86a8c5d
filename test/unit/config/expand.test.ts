import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { expand } from '../../../src/config/expand.ts';

const ENV = { FULL: 'a value', EMPTY: '', BRACE: '}{', DOLLAR: `\${FULL}`, QUOTES: `" ' # : - {`, _1: 'x' };

/** What a POSIX shell makes of the same words. */
const shell = (words: string): string =>
  execFileSync('/bin/sh', ['-c', `printf %s "${words}"`], { env: ENV, encoding: 'utf8' });

describe('expand', () => {
  it('replaces as a POSIX shell does', () => {
    const words = [
      `\${FULL}`,
      `\${EMPTY}`,
      `\${FULL:-other}`,
      `\${EMPTY:-other}`,
      `\${ABSENT:-other}`,
      `\${ABSENT:-}`,
      `\${ABSENT:-a:-b c}`,
      `http://\${ABSENT:-localhost}:\${EMPTY:-9000}/\${FULL}`,
      `\${BRACE}`,
      `\${DOLLAR}`,
      `\${QUOTES}\${_1}`,
      'a $ alone, 5$',
      'nothing at all',
      '',
    ];
    for (const word of words) assert.deepEqual(expand(word, ENV).text, shell(word), word);
  });

  it('tells an unset variable without a default, by its name', () => {
    const { complaints } = expand(`\${ONE}-\${FULL}-\${TWO}`, ENV);
    assert.deepEqual(
      complaints.map(({ wrong }) => wrong),
      ['needs the environment variable ONE, which is not set', 'needs the environment variable TWO, which is not set'],
    );
  });

  it('does not take what every object has for a variable', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
      assert.equal(expand(`\${${name}}`, {}).complaints.length, 1, name);
  });

  it('leaves a literal where it is asked to', () => {
    assert.deepEqual(expand(`$\${FULL} and \${FULL}, $$, $x`, ENV).text, `\${FULL} and a value, $$, $x`);
  });

  it('does not expand what came out of a variable', () => {
    assert.equal(expand(`\${DOLLAR}`, ENV).text, `\${FULL}`);
  });

  it('refuses what is not a variable', () => {
    for (const word of [`\${}`, `\${1A}`, `\${A-b}`, `\${A:?b}`, `\${A`, `\${A:-\${B}}`, `\${ A }`, `\${A.b}`, `x\${`])
      assert.equal(expand(word, { A: '1', B: '2' }).complaints.length, 1, word);
  });

  it('names the variables that went into a text', () => {
    assert.deepEqual(expand(`\${FULL}\${ABSENT:-x}$\${EMPTY}`, ENV).variables, ['FULL', 'ABSENT']);
  });
});
