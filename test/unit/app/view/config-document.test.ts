/** The document of the configuration, with real files and real reloads. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { changesOf, withoutRestart } from '../../../../src/app/reload/changes.ts';
import { Reloads } from '../../../../src/app/reload/reloads.ts';
import { documentOfProgram, openConfigDocument } from '../../../../src/app/view/config-document.ts';
import { loadConfigWithSources } from '../../../../src/config/load-config.ts';
import { parseConfig } from '../../../../src/config/parse-config.ts';
import type { ConfigDocument } from '../../../../src/view/documents.ts';

const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';
const ENV = { OTEL_SERVICE_NAME: 'from-the-environment' };
const QUIET = { debug() {}, info() {}, warn() {}, error() {}, async close() {} };

const text = (more = '', bucket = 'photos') => `
server: { address: "127.0.0.1:8080" }
buckets:
  - name: ${bucket}
    s3: { bucket: my-bucket, access_key: AKEXAMPLE, secret_key_file: secret }
tracing: { otlp: { headers: { x-tenant: hidden-tenant } } }
${more}`;

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  const write = (content: string, name = 'config.yaml') => writeFile(join(folder, name), content);
  await write(SECRET, 'secret');
  await write(text());
  let loads = 0;
  const load = () => {
    loads++;
    return loadConfigWithSources(file, ENV);
  };
  const tools = {
    log: QUIET,
    file,
    figures: { used() {}, failed() {} },
    load,
    async prepare({ config: wanted }: Awaited<ReturnType<typeof load>>) {
      const before = reloads.config;
      const changes = changesOf(before, wanted);
      return { changes, config: withoutRestart(before, wanted), use() {}, async discard() {} };
    },
  };
  const reloads: Reloads = new Reloads(tools, await load());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const open = openConfigDocument(reloads);
  /** A second after the last one. */
  const next = (): Promise<ConfigDocument> => {
    t.mock.timers.tick(1_000);
    return open();
  };
  return { file, write, reloads, open, next, loads: () => loads };
}

const sourcesOf = ({ settings }: ConfigDocument): Record<string, string> =>
  Object.fromEntries(settings.map(({ path, source }) => [path, source]));
const difference = ({ differs, changed, problem }: ConfigDocument) => ({ differs, changed, problem });
const SAME = { differs: false, changed: [], problem: null };

describe('the document of the configuration', () => {
  it('has every setting with its value and its source, and no secret', async (t) => {
    const { file, open } = await setUp(t);
    const document = await open();
    assert.equal(document.file, file);
    const sources = sourcesOf(document);
    assert.deepEqual(
      ['server.address', 'server.workers', 'tracing.service_name', 'buckets[0].s3.secret_key'].map(
        (path) => sources[path],
      ),
      ['file', 'default', 'OTEL_SERVICE_NAME', 'secret_key_file'],
    );
    const secret = document.settings.find(({ path }) => path === 'buckets[0].s3.secret_key');
    assert.deepEqual([secret?.value, secret?.is_set], ['(not shown)', true]);
    assert.equal(document.settings.find(({ path }) => path === 'admin.trace_url')?.is_set, false);
    assert.doesNotMatch(JSON.stringify(document), new RegExp(`${SECRET}|hidden-tenant`));
  });

  it('shows whether the file on disk differs, and in which settings', async (t) => {
    const { write, reloads, open, next } = await setUp(t);
    assert.deepEqual(difference(await open()), SAME);
    await write(text('logging: { level: warn }\n', 'films'));
    const changed = ['buckets.photos', 'buckets.films', 'logging.level'];
    assert.deepEqual(difference(await next()), { differs: true, changed, problem: null });
    await reloads.run();
    assert.deepEqual(difference(await next()), SAME);
    await write(`${text('logging: { level: warn }\n', 'films')}# a comment\n`);
    assert.deepEqual(difference(await next()), { differs: true, changed: [], problem: null });
  });

  it('shows another content of a file with a secret', async (t) => {
    const { write, next } = await setUp(t);
    await write(`${SECRET}X`, 'secret');
    assert.deepEqual(difference(await next()), { differs: true, changed: ['buckets.photos'], problem: null });
  });

  it('shows settings that need a restart until then, with the source of the value in use', async (t) => {
    const { write, reloads, next } = await setUp(t);
    await write(text('upload: { concurrent_uploads: 7 }\nlogging: { level: warn }\n'));
    await reloads.run();
    const document = await next();
    assert.deepEqual(difference(document), { differs: true, changed: ['upload.concurrent_uploads'], problem: null });
    const sources = sourcesOf(document);
    assert.deepEqual([sources['upload.concurrent_uploads'], sources['logging.level']], ['default', 'file']);
  });

  it('shows why the file on disk cannot be used', async (t) => {
    const { file, write, next } = await setUp(t);
    await write(text('logging: { level: loud }\n'));
    const { differs, changed, problem } = await next();
    assert.deepEqual([differs, changed], [true, []]);
    assert.match(problem ?? '', /config\.yaml:7:\d+ logging\.level: /);
    await rm(file);
    assert.match((await next()).problem ?? '', /cannot be read \(ENOENT\)/);
  });

  it('reads the file at most once a second', async (t) => {
    const { open, next, loads } = await setUp(t);
    await Promise.all([open(), open(), open()]);
    await open();
    assert.equal(loads(), 2);
    await next();
    assert.equal(loads(), 3);
  });

  it('shows a reload at once', async (t) => {
    const { write, reloads, open } = await setUp(t);
    await write(text('logging: { level: warn }\n'));
    await open();
    await reloads.run();
    assert.deepEqual(difference(await open()), SAME);
  });

  it('of a program that embeds the gateway has no file', () => {
    const document = documentOfProgram(parseConfig(text().replace('_file: secret', `: ${SECRET}`), 'test.yaml', {}));
    assert.deepEqual([document.file, document.differs, document.changed, document.problem], [null, null, [], null]);
    const sources = sourcesOf(document);
    assert.deepEqual([sources['server.address'], sources['admin.trace_url']], ['program', 'default']);
    assert.doesNotMatch(JSON.stringify(document), new RegExp(SECRET));
  });
});
