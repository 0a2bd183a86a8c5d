import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const EXAMPLE = readFileSync(new URL('../../../config.example.yaml', import.meta.url), 'utf8');

/** That a file is refused with a place and a reason. */
function refused(text: string, what: string): ConfigError {
  try {
    parseConfig(text, 'f', {});
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${what}: ${error}`);
    assert.match(error.message, /^f:\d+:\d+( \S.*?)?: .+; .+/, what);
    return error;
  }
  assert.fail(`${what} was taken`);
}

/** Random numbers that are the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('a hostile file', () => {
  it('is rejected if it is nested too deeply', () => {
    const depth = 10_000;
    assert.match(refused('['.repeat(depth), 'lists').message, /the file is nested too deeply; check the brackets/);
    refused('{a: '.repeat(depth), 'mappings');
    refused('- '.repeat(depth), 'blocks');
    refused(`buckets: ${'['.repeat(3000)}${']'.repeat(3000)}`, 'lists that are closed');
  });

  it('is rejected quickly if its aliases multiply', () => {
    const bomb = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : `*l${i - 1},`.repeat(10)}]`);
    refused(bomb.join('\n'), 'a billion laughs');
    const merges = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? '- &m0 { level: info }' : `- &m${i} { <<: [${`*m${i - 1},`.repeat(10)}] }`,
    );
    assert.match(
      refused(`buckets:\n${merges.join('\n')}`, 'a billion merges').message,
      /the aliases expand to more than 200000 values/,
    );
  });

  it('is rejected if it is garbage', () => {
    const next = random(1);
    const bytes = Uint8Array.from({ length: 1 << 16 }, () => Math.floor(next() * 256));
    refused(Buffer.from(bytes).toString('latin1'), 'bytes');
    refused(Buffer.from(bytes).toString('base64'), 'letters');
    for (const piece of [
      '{',
      '}',
      ',',
      ': ',
      '? ',
      '- ',
      '"',
      '&a ',
      '*a ',
      '!a ',
      '%a\n',
      '| ',
      '---\n',
      '\t',
      '\0',
      '${',
    ])
      refused(piece.repeat(5_000), piece);
  });

  it('is accepted or rejected without other errors if it is almost valid', () => {
    const next = random(2);
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      ':',
      ' ',
      '\n',
      '\t',
      '-',
      '&a',
      '*a',
      '<<',
      '!',
      '$',
      '\0',
      '\r',
      '~',
      '0',
      'é',
    ];
    let taken = 0;
    for (let run = 0; run < 600; run++) {
      let text = EXAMPLE;
      for (let edit = 0; edit < 1 + next() * 3; edit++) {
        const at = Math.floor(next() * text.length);
        const piece = pieces[Math.floor(next() * pieces.length)]!;
        text = text.slice(0, at) + piece + text.slice(at + Math.floor(next() * 4));
      }
      try {
        parseConfig(text, 'f', {});
        taken++;
      } catch (error) {
        assert.ok(error instanceof ConfigError, `${error}\n${text}`);
      }
    }
    assert.ok(taken > 50 && taken < 550, `${taken} of 600 were taken`);
  });
});
