/** The lines of the log, compared with those of pino: the same bytes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import { jsonLine } from '../../../src/logging/json-line.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** The line of pino. */
function pinoLine(level: (typeof LEVELS)[number], fields: object, message: string, now: number): string {
  let line = '';
  const logger = pino(
    {
      level: 'debug',
      base: null,
      timestamp: () => `,"time":"${new Date(now).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (text: string) => void (line += text) },
  );
  logger[level](fields, message);
  return line;
}

const TEXTS = [
  '',
  'plain',
  '"quoted" \\ and / and \u2028 \u2029',
  'line\nfeed\r\t\b\f\0\x1f\x7f',
  'é 漢字 \u{1f600}',
  'a lone \ud800 surrogate, and \udc00',
  '</script>',
  '__proto__',
  'x'.repeat(10_000),
];
const VALUES = [...TEXTS, 0, -0, 1.5, -1e21, Number.NaN, Number.POSITIVE_INFINITY, true, false, null, undefined];

describe('a line of the log', () => {
  it('is that of pino', () => {
    const random = seededRandom(1);
    const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    for (let run = 0; run < 3_000; run++) {
      const fields: Record<string, unknown> = {};
      for (let i = 0; i < run % 20; i++) {
        const value = any(VALUES);
        fields[`${any(['name', 'with "quotes"', 'é', 'a_b'])}${i}`] =
          run % 7 === 0 ? [value, { inner: any(VALUES) }] : value;
      }
      const now = 1_700_000_000_000 + Math.floor(random() * 1e12);
      const [level, message] = [any(LEVELS), any(TEXTS)];
      assert.equal(jsonLine(level, fields, message, now), pinoLine(level, fields, message, now));
    }
  });

  it('has the time of its second', () => {
    const timeOf = (now: number): string => JSON.parse(jsonLine('info', {}, 'm', now)).time;
    for (const now of [0, 999, 1_000, 1_999, 1_000, 1_764_547_199_999, 1_764_547_200_000, 5])
      assert.equal(timeOf(now), new Date(now).toISOString());
  });

  it('names fields that JSON cannot hold', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const fields of [circular, { big: 1n }]) {
      const { unwritable_fields, msg } = JSON.parse(jsonLine('warn', fields, 'the message', 0));
      assert.match(unwritable_fields, /circular|BigInt/);
      assert.equal(msg, 'the message');
    }
  });
});
