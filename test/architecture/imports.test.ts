import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAILURES } from '../../src/domain/failures.ts';

/** A room may import from rooms of a lower rank and from itself: downward only, never sideways. */
const RANKS: Record<string, number> = {
  domain: 0,
  kit: 0,
  kernel: 0.1,
  // The configuration is made from the rows of engines, and they from the kinds of its fields.
  'config/field.ts': 0.2,
  'config/scalars.ts': 0.3,
  'config/credential.ts': 0.4,
  sigv4: 0.5,
  auth: 0.8,
  authz: 0.8,
  config: 1,
  body: 1,
  export: 1.5,
  pump: 1.5,
  tracing: 2,
  metrics: 2,
  logging: 2,
  form: 2,
  router: 2,
  cors: 2,
  rehearsal: 2,
  'upload-id': 2,
  s3: 2,
  upload: 3,
  gateway: 4,
  view: 4.5,
  server: 5,
  app: 5.5,
  workers: 6,
  'app.ts': 6,
  cli: 7,
  'cli.ts': 8,
  'index.ts': 8,
};

const src = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)|new URL\(\s*[`'](\.[^`']+\.ts)[`']/g;

const roomOf = (file: string): string => (file in RANKS ? file : file.split('/')[0]!);
const rankOf = (file: string): number => {
  const rank = RANKS[roomOf(file)];
  assert.ok(rank !== undefined, `${file} is in no room that this test knows`);
  return rank;
};

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const target = resolve(src, dirname(file), (match[1] ?? match[2] ?? match[3])!);
    return relative(src, target);
  });
}

describe('the house', () => {
  it('has imports that point downward only', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const target of importsOf(file)) {
        if (roomOf(target) === roomOf(file) || rankOf(target) < rankOf(file)) continue;
        wrong.push(`${file} → ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has imports that lead to a file', () => {
    for (const file of files)
      for (const target of importsOf(file)) assert.ok(statSync(join(src, target)).isFile(), `${file} → ${target}`);
  });

  it('imports tracing where it is started and where it is checked, and only on demand', () => {
    const importers = files.filter(
      (file) => roomOf(file) !== 'tracing' && importsOf(file).some((target) => roomOf(target) === 'tracing'),
    );
    assert.deepEqual(importers.toSorted(), [
      'app/doctor/collector.ts',
      'app/telemetry.ts',
      'cli/check.ts',
      'cli/replay.ts',
    ]);
    for (const file of importers) assert.doesNotMatch(readFileSync(join(src, file), 'utf8'), /from '[./]*\/tracing\//);
  });

  it('uses the OpenTelemetry API only for tracer providers of others', () => {
    const importers = files.filter((file) =>
      readFileSync(join(src, file), 'utf8').includes("from '@opentelemetry/api'"),
    );
    assert.deepEqual([...new Set(importers.map((file) => dirname(file)))], ['tracing/api']);
  });

  it('serves uploads without the rooms for rehearsals', () => {
    const importers = files.filter(
      (file) => roomOf(file) !== 'rehearsal' && importsOf(file).some((target) => roomOf(target) === 'rehearsal'),
    );
    assert.deepEqual(importers.toSorted(), ['cli/faults.ts', 'cli/store.ts']);
  });

  it('has no circle', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      assert.ok(!path.includes(file), `circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
      if (done.has(file)) return;
      for (const target of importsOf(file)) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });

  it('describes each file at its top', () => {
    const silent = files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(join(src, file), 'utf8')));
    assert.deepEqual(silent, []);
  });

  it('has calm files', () => {
    const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 350);
    assert.deepEqual(long, []);
  });

  it('has a place that throws for every kind of failure', () => {
    const texts = files
      .filter((file) => file !== 'domain/failures.ts')
      .map((file) => readFileSync(join(src, file), 'utf8'));
    const unused = Object.keys(FAILURES).filter((type) => !texts.some((text) => text.includes(`'${type}'`)));
    assert.deepEqual(unused, []);
  });
});
