import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyText } from '../../../src/view/key-text.ts';
import { growth, repeated } from '../../support/growth.ts';

const hide = (text: string, key: string): string => new KeyText(key).replaceIn(text, '#');

/** Keys that are difficult for patterns, URLs and documents. */
const HOSTILE = [
  'reports/2026 (final).pdf',
  'größe/日本/😀.bin',
  '"quoted"\\and\\escaped',
  "it's <b>&amp; bold</b>",
  '.*+?^$()|[]{}',
  '100%41%2f%25',
  '%',
  '+',
  ' ',
  '\\',
  '\\\\\\\\',
  '&amp;',
  '&#9999999;',
  'a',
  '/',
  'Ａlice',
  '$&$1$`',
];

const xml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[c]!);
const percent = (text: string): string => encodeURIComponent(text);
const everyByte = (text: string): string =>
  [...Buffer.from(text)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
const unicode = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

const SPELLINGS: Record<string, (key: string) => string> = {
  raw: (key) => key,
  'percent-encoded': percent,
  'percent-encoded with lower-case hex': (key) => percent(key).replace(/%../g, (hex) => hex.toLowerCase()),
  'with every byte percent-encoded': everyByte,
  'percent-encoded twice': (key) => percent(percent(key)),
  'with slashes': (key) => percent(key).replaceAll('%2F', '/'),
  'with + for spaces': (key) => percent(key).replaceAll('%20', '+'),
  'a JSON string': (key) => JSON.stringify(key).slice(1, -1),
  'a JSON string in a JSON string': (key) => JSON.stringify(JSON.stringify(key).slice(1, -1)).slice(1, -1),
  'with every character escaped for JSON': unicode,
  'escaped for XML': xml,
};

describe('a key in a text', () => {
  for (const [spelling, spell] of Object.entries(SPELLINGS)) {
    it(`is replaced where it is ${spelling}`, () => {
      for (const key of HOSTILE)
        assert.equal(hide(`The key [${spell(key)}] is not allowed.`, key), 'The key [#] is not allowed.', key);
    });
  }

  it('is replaced in all places', () => {
    assert.equal(hide('/b/key1, key1 and KEY1: %6bey1', 'key1'), '/b/#, # and KEY1: #');
    assert.equal(hide('key1key1', 'key1'), '##');
    assert.equal(hide('key1', 'key1'), '#');
    assert.equal(hide('abcdabcdabcdabcd and abcdabcdabcdabcdabcdabcd', 'abcdabcdabcdabcd'), '# and #');
    assert.equal(hide('', 'key1'), '');
  });

  it('is not found in other texts', () => {
    for (const text of ['nothing', '100 %', 'größe 😀', 'C:\\path', '&copy; &#0; &#x110000;', '\\u00', '%zz%C3'])
      assert.equal(hide(text, 'a key'), text);
  });

  it('of few characters is found as a word, not in other words', () => {
    assert.equal(hide('a fact: /bucket/a was refused', 'a'), '# fact: /bucket/# was refused');
    assert.equal(hide('abc: /ab/abcd', 'abc'), '#: /ab/abcd');
  });

  it('is found where the text ends before the key does', () => {
    const key = 'patients/alice/größe "x"/report.pdf';
    for (const whole of [key, percent(key), JSON.stringify(key).slice(1), unicode(key)]) {
      for (let length = 0; length < whole.length; length++) {
        const hidden = hide(`no such object: ${whole.slice(0, length)}`, key);
        assert.doesNotMatch(hidden, /alice|patients|%70%61%74%69%65%6e/, `${whole.slice(0, length)} → ${hidden}`);
      }
    }
    assert.equal(hide('no such object: patients/ali…', key), 'no such object: #…');
  });

  it('is compared in linear time with a text that ends almost as it begins', async () => {
    const almost = (length: number) => () => hide(`${repeated('a', length - 1)}b`, repeated('a', length));
    assert.equal((await growth(almost, 16 * 1024)).complaint, undefined);
  });

  it('is found in linear time', () => {
    const started = performance.now();
    for (const [key, text] of [
      ['a'.repeat(1_024), 'a'.repeat(1_023)],
      ['\\'.repeat(1_024), '\\'.repeat(4_096)],
      ['%'.repeat(1_024), '%25'.repeat(2_000)],
      [`${'%25'.repeat(300)}x`, '%25'.repeat(2_000)],
      ['&amp;'.repeat(200), '&amp;'.repeat(800)],
    ] as const)
      hide(text, key);
    assert.ok(performance.now() - started < 1_000, `${performance.now() - started} ms`);
  });
});
