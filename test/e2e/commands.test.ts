/** Wrong arguments of the commands, as their users see them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLI } from '../support/gateway-process.ts';

const FILE = fileURLToPath(import.meta.url);

async function run(...args: string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code: code as number, errors };
}

describe('an argument that a command does not have', () => {
  const EXCESS: readonly [string, readonly string[]][] = [
    ['check', []],
    ['doctor', []],
    ['serve', []],
    ['probe', []],
    ['top', []],
    ['replay', ['spans.jsonl']],
    ['store', ['--directory', FILE]],
    ['faults', ['--store', 'http://127.0.0.1:1', '--plan', FILE]],
  ];
  for (const [command, args] of EXCESS) {
    it(`is an error of ${command}`, async () => {
      assert.deepEqual(await run(command, ...args, 'excess'), {
        code: 2,
        errors: `error: ${command} does not accept the argument 'excess'; see mizuchi-uploadr ${command} --help\n`,
      });
    });
  }
});

describe('the command store', () => {
  const DIRECTORIES: readonly [directory: string, cause: string, platform?: NodeJS.Platform][] = [
    [FILE, 'it is a file'],
    [`${FILE}/a/b`, 'a part of its path is a file'],
    ['/proc/a/b', 'its file system does not allow it', 'linux'],
  ];
  for (const [directory, cause, platform = process.platform] of DIRECTORIES) {
    it(`ends if its directory cannot be created: ${cause}`, { skip: platform !== process.platform }, async () => {
      const { code, errors } = await run('store', '--directory', directory, '--address', '127.0.0.1:0');
      assert.equal(code, 1);
      assert.match(errors, /^error: the store could not start: the directory \S+ cannot be created: /);
      assert.ok(errors.endsWith(`: ${cause}; choose another directory\n`), errors);
    });
  }
});
