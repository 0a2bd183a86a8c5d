import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { expand } from '../../../src/config/expand.ts';

const ENV = { FULL: 'a value', EMPTY: '', BRACE: '}{', DOLLAR: `\${FULL}`, QUOTES: `" ' # : - {`, _1: 'x' };

/** What a POSIX shell makes of the same words. */
const shell = (words: string): string =>
  execFileSync('/bin/sh', ['-c', `printf %s "${words}"`], { env: ENV, encoding: 'utf8' });

describe('expand', () => {
  it('expands variables like a POSIX shell', () => {
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

  it('reports an unset variable without a default by name', () => {
    const { complaints } = expand(`\${ONE}-\${FULL}-\${TWO}`, ENV);
    assert.deepEqual(
      complaints.map(({ wrong }) => wrong),
      ['uses the environment variable ONE, which is not set', 'uses the environment variable TWO, which is not set'],
    );
  });

  it('does not read variables from Object.prototype', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
      assert.equal(expand(`\${${name}}`, {}).complaints.length, 1, name);
  });

  it('keeps an escaped literal', () => {
    assert.deepEqual(expand(`$\${FULL} and \${FULL}, $$, $x`, ENV).text, `\${FULL} and a value, $$, $x`);
  });

  it('does not expand the values of variables', () => {
    assert.equal(expand(`\${DOLLAR}`, ENV).text, `\${FULL}`);
  });

  it('rejects invalid variable names', () => {
    for (const word of [`\${}`, `\${1A}`, `\${A-b}`, `\${A:?b}`, `\${A`, `\${A:-\${B}}`, `\${ A }`, `\${A.b}`, `x\${`])
      assert.equal(expand(word, { A: '1', B: '2' }).complaints.length, 1, word);
  });

  it('returns the names of the expanded variables', () => {
    assert.deepEqual(expand(`\${FULL}\${ABSENT:-x}$\${EMPTY}`, ENV).variables, ['FULL', 'ABSENT']);
  });
});
