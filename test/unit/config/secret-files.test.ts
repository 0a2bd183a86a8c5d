/** Secrets in separate files: `NAME_file` instead of `NAME`, for every secret. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CONFIG } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { effectiveValues } from '../../../src/config/effective.ts';
import type { Field } from '../../../src/config/field.ts';
import { parseConfigWithSources } from '../../../src/config/parse-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'mizuchi-test-'));
after(() => rmSync(folder, { recursive: true }));
const CONFIG_FILE = join(folder, 'gateway.yaml');
const SECRET = 'a-secret-of-at-least-32-characters';

const write = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const read = (text: string, env: Record<string, string> = {}) => parseConfigWithSources(text, CONFIG_FILE, env);
const problem = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.replaceAll(folder, '');
  }
  return '';
};
const bucket = (fields: string) => `buckets: [{ name: uploads, s3: { bucket: my-bucket, ${fields} } }]\n`;

describe('a secret in a separate file', () => {
  it('is there for every secret of the configuration', () => {
    write('secret', SECRET);
    write('key', 'AKEXAMPLE');
    const { config, secretFiles } = read(`
server: { upload_id_secret_file: secret }
buckets:
  - name: uploads
    s3: { bucket: my-bucket, access_key_file: key, secret_key_file: secret, session_token_file: secret }
    auth:
      jwt: { algorithms: [HS256], secret_file: secret, session_token: { access_key: jwt, secret_key_file: secret } }
      sigv4: { credentials: [{ access_key_file: key, secret_key_file: secret }] }
    authz:
      opa: { url: "http://127.0.0.1:1", policy_path: a/allow, token_file: secret }
      openfga: { url: "http://127.0.0.1:1", store_id: 01JHZZ0000000000000000000A, token_file: secret }
`);
    const [one] = config.buckets;
    assert.deepEqual(
      [
        config.server.upload_id_secret,
        one?.s3.secret_key,
        one?.s3.session_token,
        one?.auth.jwt?.secret,
        one?.auth.jwt?.session_token?.secret_key,
        one?.auth.sigv4?.credentials?.[0]?.secret_key,
        one?.authz.opa?.token,
        one?.authz.openfga?.token,
      ],
      Array.from({ length: 8 }, () => SECRET),
    );
    assert.equal(one?.s3.access_key, 'AKEXAMPLE');
    assert.equal(one?.auth.sigv4?.credentials?.[0]?.subject, 'AKEXAMPLE');
    assert.deepEqual(secretFiles, [join(folder, 'secret'), join(folder, 'key')]);
  });

  it('exists for each field that holds a secret, also for new ones', () => {
    const without: string[] = [];
    const visit = (path: string, field: Field): void => {
      if (field.kind === 'object')
        for (const [key, child] of Object.entries(field.fields)) visit(`${path}.${key}`, child);
      else if (field.kind === 'list') visit(`${path}[]`, field.item);
      else if (field.kind === 'scalar' && field.type === 'secret string' && !field.mayBeInFile) without.push(path);
    };
    visit('', CONFIG);
    assert.deepEqual(without, []);
  });

  it('does not contain its end of line, and each line of a list is one secret', () => {
    for (const end of ['\n', '\r\n', '']) {
      write('secret', SECRET + end);
      write('secrets', `${SECRET}-new${end || '\n'}${SECRET}-old${end}`);
      const { config } = read(
        `server: { upload_id_secrets_file: secrets }\n${bucket('access_key: a, secret_key_file: secret')}`,
      );
      assert.equal(config.buckets[0]?.s3.secret_key, SECRET);
      assert.deepEqual(config.server.upload_id_secrets, [`${SECRET}-new`, `${SECRET}-old`]);
    }
  });

  it('is found through the symbolic links of a mounted secret, an absolute path and a variable', () => {
    mkdirSync(join(folder, '..data'), { recursive: true });
    write('..data/store', SECRET);
    symlinkSync('..data/store', join(folder, 'store'));
    for (const path of ['store', join(folder, 'store'), `"\${WHERE}"`]) {
      const { config } = read(bucket(`access_key: a, secret_key_file: ${path}`), { WHERE: 'store' });
      assert.equal(config.buckets[0]?.s3.secret_key, SECRET);
    }
  });

  const PROBLEMS: readonly [what: string, file: string | Buffer | undefined, expected: RegExp][] = [
    [
      'is not there',
      undefined,
      /gateway\.yaml:1:\d+ buckets\[0\]\.s3\.secret_key_file: the file cannot be read \(ENOENT\); .*check the path/,
    ],
    ['is empty', '\n', /secret_key_file: the file is empty; write the secret into the file/],
    [
      'is too large',
      'x'.repeat(70_000),
      /secret_key_file: the file is larger than 64 KiB; name a file with only the secret/,
    ],
    ['has several lines', 'hush\nhush', /secret_key_file: the content of the file contains control characters/],
  ];
  for (const [what, content, expected] of PROBLEMS) {
    it(`is a problem with place, cause and fix, and without its content, if the file ${what}`, () => {
      if (content === undefined) rmSync(join(folder, 'bad'), { force: true });
      else write('bad', content);
      const message = problem(bucket('access_key: a, secret_key_file: bad'));
      assert.match(message, expected);
      assert.doesNotMatch(message, /hush/);
    });
  }

  it('is a problem together with the value itself', () => {
    write('secret', SECRET);
    assert.match(
      problem(bucket('access_key: a, secret_key: hush, secret_key_file: secret')),
      /^[^\n]*s3\.secret_key_file: contradicts secret_key, which has a value as well; keep one of them$/,
    );
    assert.match(
      problem(
        `server: { upload_id_secret: ${SECRET}, upload_id_secrets: [${SECRET}] }\n${bucket('access_key: a, secret_key: b')}`,
      ),
      /upload_id_secrets: contradicts upload_id_secret; move upload_id_secret into upload_id_secrets$/,
    );
  });

  it('is shown with its source, and not with its content', () => {
    write('secret', SECRET);
    const loaded = read(bucket('access_key: a, secret_key_file: secret'));
    const shown = effectiveValues(loaded.config, loaded.given, loaded.sources);
    const row = shown.find(({ path }) => path === 'buckets[0].s3.secret_key');
    assert.deepEqual([row?.value, row?.source], ['(not shown)', 'secret_key_file']);
  });

  it('does not exist for other settings', () => {
    assert.match(problem(bucket('region_file: x')), /region_file: is not a known key/);
  });
});
