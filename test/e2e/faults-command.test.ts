/** `mizuchi-uploadr faults` as its users run it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { CLI } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('the command faults', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-faults-command-'));
  });
  after(() => rm(folder, { recursive: true }));
  const start = (...args: string[]) =>
    spawn(process.execPath, [CLI, 'faults', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });

  it('runs between gateway and store, applies the plan, and logs it', async (t) => {
    const store = await RawStore.start();
    t.after(() => store.close());
    await writeFile(join(folder, 'plan.yaml'), 'faults:\n  - { do: error, operation: PutObject, skip: 1, times: 1 }\n');
    const child = start('--store', store.url, '--plan', 'plan.yaml', '--address', '127.0.0.1:0');
    t.after(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    while (!said.includes('\n')) await once(child.stdout, 'data');
    const url = /^faults on (http:\S+), before/.exec(said)![1]!;
    const gateway = await startGateway({ storeUrl: url });
    t.after(() => gateway.close());
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status);
    assert.deepEqual(statuses, [200, 503, 200]);
    assert.equal(store.requests.length, 2);
    while (said.split('\n').length < 5) await once(child.stdout, 'data');
    const lines = said
      .split('\n')
      .slice(1, 4)
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ operation, key, fault }) => [operation, key, fault]),
      [
        ['PutObject', 'k', 'none'],
        ['PutObject', 'k', 'error'],
        ['PutObject', 'k', 'none'],
      ],
    );
    await gateway.close();
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  for (const [what, args, plan, code, wanted] of [
    [
      'a plan with a mistake',
      ['--store', 'http://127.0.0.1:1'],
      'faults: [{ do: explode }]',
      1,
      /^plan\.yaml:1:16 faults\[0\]\.do: /,
    ],
    [
      'a store that is not a URL',
      ['--store', 'minio:9000'],
      'faults: [{ do: reset }]',
      2,
      /^error: minio:9000 is not the URL of a store/,
    ],
    [
      'no plan',
      ['--store', 'http://127.0.0.1:1', '--plan', 'nowhere.yaml'],
      '',
      1,
      /^nowhere\.yaml:1:1: .*the file does not exist/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await writeFile(join(folder, 'plan.yaml'), plan);
      const more = (args as readonly string[]).includes('--plan') ? [] : ['--plan', 'plan.yaml'];
      const child = start(...args, ...more, '--address', '127.0.0.1:0');
      const [errors, [exit]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      assert.equal(exit, code, errors);
      assert.match(errors, wanted);
    });
  }
});
