import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { CLI } from '../../support/gateway-process.ts';
import { examplesIn } from '../support/document-examples.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { type PolicyEngine, startOpa } from '../support/policy-engines.ts';
import { DEVICE, openPolicyScene, type PolicyScene, tokenOf } from '../support/policy-scene.ts';

const [SHOWN] = examplesIn('docs/policy.md', 'console') as [string];

describe('`check` with a real OPA', () => {
  let opa: PolicyEngine;
  let scene: PolicyScene;
  let folder: string;
  before(async () => {
    opa = await startOpa(examplesIn('docs/policy.md', 'rego'));
    scene = await openPolicyScene({
      uploads: { opa: { url: opa.url, policy_path: 'mizuchi/decision', timeout_seconds: 10 } },
    });
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-check-'));
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(scene.config));
  });
  after(async () => {
    await scene?.close();
    await opa?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** @returns exit code and what was printed. */
  async function check(as: string, put: string, stdin = ''): Promise<[code: number, out: string]> {
    const args = [CLI, 'check', '--config', 'config.yaml', '--as', as, '--put', put];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    endWithUs(child);
    child.stdin.on('error', () => {}); // it may end without having read
    child.stdin.end(stdin);
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return [code, out];
  }

  it('prints the text of the manual', async () => {
    const [code, out] = await check(DEVICE.access_key, 'uploads/devices/device-7/a.txt');
    const command = '$ mizuchi-uploadr check --config config.yaml --as DEVICE7 --put uploads/devices/device-7/a.txt';
    assert.equal(`${command}\n${out}`, SHOWN);
    assert.equal(code, 0);
  });

  it('prints why an upload would be refused', async () => {
    const [code, out] = await check(DEVICE.access_key, 'uploads/devices/device-70/a.txt');
    assert.match(out, /^ {2}opa +deny: policy_undefined$/m);
    assert.match(out, /^ {2}outcome +403 AccessDenied$/m);
    assert.equal(code, 1);
  });

  it('takes a token from its standard input, with the claims in it', async () => {
    const token = await tokenOf({ sub: 'anna', groups: ['publishers'] });
    const [code, out] = await check('-', 'uploads/public/a.txt', `${token}\n`);
    assert.match(out, /^ {2}caller +anna, by jwt$/m);
    assert.match(out, /^ {2}opa +allow: publisher$/m);
    assert.equal(out.includes(token), false);
    assert.equal(code, 0);
  });

  it('sends nothing to the store', () => {
    assert.deepEqual(scene.reachedStore, []);
  });

  it('reports that the engine is unreachable', async () => {
    await opa.stop();
    const [code, out] = await check(DEVICE.access_key, 'uploads/devices/device-7/a.txt');
    assert.match(
      out,
      /^ {2}opa +error: engine_unreachable: no connection to http:\S+ \(ECONNREFUSED\); check authz\.opa\.url, /m,
    );
    assert.match(out, /^ {2}outcome +503 ServiceUnavailable$/m);
    assert.equal(code, 1);
  });
});
