/**
 * Runs the tests of the folders that are named (`node scripts/run-tests.ts unit e2e`). A process a file costs more than the files
 * themselves, so the files of a folder are dealt to a few. Name the folder with the longest tests first. One file alone, or with a
 * process of its own: `npx node --test FILE`.
 */
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Fewer, and many processes start; more, and the last one is alone for long. */
const FILES_IN_A_GROUP = 8;
/** Tests wait most of their time, so there are more than cores. */
const AT_ONCE = 6;
/** Of one test. */
const TIMEOUT_MILLIS = 120_000;

const checkout = fileURLToPath(new URL('..', import.meta.url));
const directory = join(checkout, 'node_modules', '.cache', 'test-groups');
const folders = process.argv.slice(2);
const groups = folders.flatMap((folder) => {
  const files = globSync(`test/${folder}/**/*.test.ts`, { cwd: checkout }).sort();
  if (files.length === 0) throw new Error(`test/${folder} has no *.test.ts`);
  const count = Math.ceil(files.length / FILES_IN_A_GROUP);
  return Array.from({ length: count }, (_, group) => files.filter((_, place) => place % count === group));
});
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const programs = groups.map((members, group) => {
  const program = join(directory, `${group + 1}.mjs`);
  const imports = members.map((file) => `import ${JSON.stringify(pathToFileURL(join(checkout, file)))};\n`);
  writeFileSync(program, imports.join(''));
  return program;
});

run({ files: programs, concurrency: AT_ONCE, timeout: TIMEOUT_MILLIS, cwd: checkout })
  .on('test:fail', () => void (process.exitCode = 1))
  .compose(spec)
  .pipe(process.stdout);
