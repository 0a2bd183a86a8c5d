import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_OBJECT, MAX_USER, nameOf } from '../../../src/authz/openfga-names.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';

const ANY_LENGTH = Number.POSITIVE_INFINITY;
const encode = (id: string): string => nameOf('user', id, ANY_LENGTH)!.slice('user:'.length);

/** What is special to OpenFGA, what is special to us, and neighbours of both. */
const NASTY = ['%', ':', '#', '*', '@', '/', ' ', '\t', '\n', '\u00a0', '\u2028', '\ufeff', '\u0000', '\u007f'];
const HARMLESS = [
  'a',
  'A',
  '2',
  '5',
  '\u00fc',
  'u\u0308',
  '\u6c34',
  '\ufffd',
  '\u{1f409}',
  '\u{e000}',
  '\u200d',
  '%25',
];

/** Well-formed texts: some of any characters, most of few, so that near neighbours come up. */
function texts(count: number): string[] {
  const random = seededRandom(20_260_701);
  const below = (limit: number): number => Math.floor(random() * limit);
  const few = [...NASTY, ...HARMLESS];
  const any = (): string => String.fromCodePoint(below(0x11_0000)).toWellFormed();
  const one = (): string => (random() < 0.8 ? few[below(few.length)]! : any());
  return Array.from({ length: count }, () => Array.from({ length: below(6) }, one).join(''));
}

describe('names for OpenFGA', () => {
  it('can be decoded by an independent decoder', () => {
    for (const text of texts(20_000)) assert.equal(decodeURIComponent(encode(text)), text);
  });

  it('differ where the texts differ', () => {
    const different = new Set(texts(20_000));
    assert.ok(different.size > 10_000);
    assert.equal(new Set([...different].map(encode)).size, different.size);
  });

  it('hold no characters with a meaning in OpenFGA', () => {
    for (const text of [...texts(20_000), '\ud800', 'a\udfff']) assert.match(encode(text), /^[^\s:#*\p{Cc}\p{Cs}]*$/u);
  });

  it('are unchanged without special characters', () => {
    assert.equal(nameOf('user', 'device-7', MAX_USER), 'user:device-7');
    assert.equal(
      nameOf('object', 'uploads/gr\u00fc\u00dfe/\u{1f409}.png', MAX_OBJECT),
      'object:uploads/gr\u00fc\u00dfe/\u{1f409}.png',
    );
    assert.equal(nameOf('object', 'a b%c', MAX_OBJECT), 'object:a%20b%25c');
  });

  it('do not turn into every user, or into a set of users', () => {
    assert.equal(nameOf('user', '*', MAX_USER), 'user:%2A');
    assert.equal(nameOf('user', 'group:x#member', MAX_USER), 'user:group%3Ax%23member');
  });

  it('encode invisible characters', () => {
    assert.equal(encode('a\u200db\u202ec\u{e0001}'), 'a%E2%80%8Db%E2%80%AEc%F3%A0%80%81');
  });

  it('do not depend on the version of Unicode', () => {
    for (const unassigned of ['\u0378', '\ufdd0', '\u{1fffe}', '\u{e000}'])
      assert.equal(encode(unassigned), unassigned);
  });

  it('are undefined if their encoded form is too long', () => {
    const fits = 'k'.repeat(MAX_OBJECT - 'object:'.length);
    assert.equal(nameOf('object', fits, MAX_OBJECT)?.length, MAX_OBJECT);
    assert.equal(nameOf('object', `${fits}k`, MAX_OBJECT), undefined);
    assert.equal(nameOf('object', `${fits.slice(1)}#`, MAX_OBJECT), undefined);
  });
});
