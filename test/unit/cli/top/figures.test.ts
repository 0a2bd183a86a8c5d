import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bar, bytes, rate, seconds } from '../../../../src/cli/top/figures.ts';
import { columns, cut, fit, printable } from '../../../../src/cli/top/printable.ts';

describe('figures in few columns', () => {
  it('are sizes and rates in binary units', () => {
    assert.deepEqual([0, 1_023, 1_024, 1_048_575, 104_857_600, 5 * 2 ** 40].map(bytes), [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.0 MiB',
      '100 MiB',
      '5.0 TiB',
    ]);
    assert.equal(rate(1536), '1.5 KiB/s');
  });

  it('are durations', () => {
    assert.deepEqual([0.04, 12, 119, 600, 7_200, 259_200].map(seconds), [
      '0.0 s',
      '12 s',
      '119 s',
      '10 min',
      '2 h',
      '3 d',
    ]);
  });

  it('are bars', () => {
    assert.deepEqual(
      [0, 0.5, 1, 7, -1].map((share) => bar(share, 4)),
      ['░░░░', '██░░', '████', '████', '░░░░'],
    );
  });
});

describe('printable text', () => {
  it('has escapes instead of control and format characters', () => {
    assert.equal(
      printable('a\x1b[31m\t\u009b\u200d\u{e0001}\ud800ä'),
      'a\\x1b[31m\\x09\\x9b\\u{200d}\\u{e0001}\\u{d800}ä',
    );
  });

  it('has a width in columns', () => {
    assert.deepEqual(['abc', '目录', 'e\u0301', '👍'].map(columns), [3, 4, 1, 2]);
    for (const text of ['', 'abc', 'abcdefghij', '目录目录目录', 'e\u0301'.repeat(9), '\x07\x07\x07'])
      for (const width of [1, 2, 3, 4, 5, 8]) {
        assert.equal(columns(fit(text, width, 'left', 'end')), width);
        assert.equal(columns(fit(text, width)), width);
        assert.equal(columns(fit(text, width, 'right')), width);
        assert.ok(columns(cut(text, width)) <= width);
      }
    assert.deepEqual(
      [fit('abcdef', 4, 'left', 'end'), fit('ab', 4), fit('ab', 4, 'right'), cut('abcdef', 4)],
      ['…def', 'ab  ', '  ab', 'abc…'],
    );
  });
});
