/**
 * Time is linear in what others send. Every parser is fed what is worst for it up to 64 KiB, and the worst of that up to 512 KiB; what the CPU takes may
 * grow as the size does, and not as its square. The table of the parsers is kept complete here, too.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PARSERS } from '../fuzz/parsers/all.ts';
import { type Parser, tryRead } from '../fuzz/parsers/parser.ts';
import { growth, repeated } from '../support/growth.ts';

const KIB = 1024;
const LARGE = 64 * KIB;
const LARGEST = 512 * KIB;
/** Text of this length where a stranger can put it. */
interface Input {
  readonly what: string;
  make(length: number): string;
}

function inputsOf({ frames, pieces }: Parser): Input[] {
  return frames.flatMap((frame, place) =>
    pieces.map((piece) => ({
      what: `${JSON.stringify(piece)} in place ${place}`,
      make: (length) => frame(repeated(piece, length)),
    })),
  );
}

/** @returns what the input takes, in microseconds of CPU. */
async function check(parser: Parser, { what, make }: Input, length: number): Promise<number> {
  const runOf = (size: number) => {
    const text = make(size);
    return () => tryRead(parser, text);
  };
  const { cost, complaint } = await growth(runOf, length);
  assert.equal(complaint, undefined, `${what}, up to ${length} bytes`);
  return cost;
}

describe('time grows with size, and not with its square, for', () => {
  for (const parser of PARSERS) {
    it(parser.reads, async () => {
      const costs = new Map<Input, number>();
      const most = Math.min(parser.most ?? LARGE, LARGE);
      for (const input of inputsOf(parser)) costs.set(input, await check(parser, input, most));
      const [[worst]] = [...costs].sort(([, a], [, b]) => b - a) as [[Input, number]];
      if (most < LARGE) await check(parser, worst, LARGE);
      await check(parser, worst, LARGEST);
    });
  }

  it('nothing that takes quadratic time: it would be found', async () => {
    const quadratic = (length: number) => () => repeated(' ', length).concat('x').replace(/ +$/g, '');
    assert.match((await growth(quadratic, 16 * KIB)).complaint ?? '', /^16 times the input takes \d{3} times/);
  });
});

/** Files that take text apart, and no row of the table names: whose text that is. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'of this project: a table in the code': ['domain/request-headers.ts'],
  'of the operator: files, environment, arguments': [
    'app/bucket/auth.ts',
    'app/doctor/collector-hint.ts',
    'app/doctor/policy.ts',
    'auth/jwt/configured-key.ts',
    'authz/engine.ts',
    'authz/openfga.ts',
    'authz/policy-engine.ts',
    'cli.ts',
    'export/export-headers.ts',
    'export/otlp/otlp-json.ts',
    'export/thread/create-exporter.ts',
    'export/thread/without-secrets.ts',
    'kit/export-header-name.ts',
    'kit/package-version.ts',
    'kit/loopback.ts',
    's3/endpoint.ts',
  ],
  'written by this process itself': [
    'export/thread/console.ts',
    'server/early-reply.ts',
    'rehearsal/store/disk/sealed-file.ts',
    'rehearsal/store/disk/upload-files.ts',
    'rehearsal/store/disturb.ts',
    'rehearsal/store/operations/complete-multipart-upload.ts',
  ],
  'fed through the running server, in test/e2e/linear-time.test.ts': [
    'server/admin-hosts.ts',
    'server/admin-port.ts',
    'server/redact-query.ts',
    'server/serve-request.ts',
  ],
  'short, whatever is sent: it is cut or refused before': [
    'authz/opa.ts',
    'export/thread/grpc.ts',
    'kit/decode-content.ts',
    'rehearsal/store/operations/upload-part.ts',
    'tracing/sampler/ratio.ts',
    'upload/control-call.ts',
  ],
  'one word of a fixed form, looked for from its first character on': [
    's3/response-document.ts',
    's3/transport-failure.ts',
    's3/header-rules.ts',
    's3/header-values.ts',
    's3/store-client.ts',
    'upload/completion-checksums.ts',
    'upload/verify-document.ts',
  ],
};

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const TAKES_APART =
  /\.(test|exec|split|replace|replaceAll|match|matchAll|search)\(|new (RegExp|SaxesParser)|JSON\.parse/;

function filesThatTakeTextApart(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.filter((file) => {
    if (/^(config|cli)\//.test(file)) return false; // the operator's
    const code = readFileSync(SRC + file, 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/ .*/g, '');
    return TAKES_APART.test(code);
  });
}

describe('the table of parsers', () => {
  const named = new Set([...PARSERS.flatMap(({ files }) => files), ...Object.values(ELSEWHERE).flat()]);

  it('names every file that takes text apart: add yours to test/fuzz/parsers, or name here the source of its text', () => {
    assert.deepEqual(
      filesThatTakeTextApart().filter((file) => !named.has(file)),
      [],
    );
  });

  it('names no file that is not there', () => {
    const files = new Set(readdirSync(SRC, { recursive: true, encoding: 'utf8' }));
    assert.deepEqual(
      [...named].filter((file) => !files.has(file)),
      [],
    );
  });
});
