/** The commands of docs/deploy.md for Kubernetes and load balancers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { find, objectsOf, render } from '../support/chart.ts';
import { checkRendered } from '../support/chart-config.ts';
import { blocksOf } from '../support/deploy-guide.ts';
import { inFolder } from '../support/deployed-balancer.ts';
import { startKubernetes } from '../support/kubernetes.ts';
import { binary } from '../support/real-server.ts';

const DEPLOY = fileURLToPath(new URL('../../../deploy', import.meta.url));

describe('docs/deploy.md', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-deploy-'));
    await symlink(DEPLOY, join(folder, 'deploy'));
    await mkdir(join(folder, 'bin'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs all commands of a section, in a folder with the `deploy` of this checkout. */
  async function runSection(heading: string, env: NodeJS.ProcessEnv = {}) {
    const commands = blocksOf(heading, 'sh').join('');
    const path = [join(folder, 'bin'), dirname(binary('helm')), process.env.PATH].join(':');
    const options = { cwd: folder, env: { ...process.env, PATH: path, ...env } };
    return promisify(execFile)('sh', ['-e', '-u', '-c', commands], options);
  }

  it('installs the chart into Kubernetes', async (t) => {
    const [values = ''] = blocksOf('Kubernetes', 'yaml');
    await writeFile(join(folder, 'values.yaml'), values);
    const kubernetes = await startKubernetes(folder);
    t.after(() => kubernetes.stop());
    const { stdout, stderr } = await runSection('Kubernetes', { KUBECONFIG: kubernetes.kubeconfig });
    assert.equal(stderr, '');
    assert.match(stdout, /is installed as uploads-mizuchi-uploadr/);
    assert.match(stdout, /^uploads-mizuchi-uploadr +0\/2 /m, 'two pods are wanted');
    const text = await render(join(folder, 'values.yaml'));
    await checkRendered(find(objectsOf(text), 'ConfigMap').data['config.yaml'], folder);
  });

  it('names the examples of the chart', async () => {
    const page = await readFile(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
    for (const [, name] of page.matchAll(/`([\w-]+-values\.yaml)`/g))
      assert.ok(await readFile(join(DEPLOY, 'helm/mizuchi-uploadr/ci', name!)), name!);
  });

  it('checks the configuration of HAProxy', async () => {
    assert.match((await runSection('Behind HAProxy')).stdout, /Configuration file is valid/);
  });

  it('checks the configuration of Envoy', async () => {
    assert.match((await runSection('Behind Envoy')).stdout, /envoy\.yaml' OK/);
  });

  it('checks the configuration of nginx', async () => {
    const text = await readFile(join(DEPLOY, 'nginx/nginx.conf'), 'utf8');
    await writeFile(join(folder, 'nginx.conf'), inFolder(text, folder));
    await mkdir(join(folder, 'temporary'));
    // The package is not installed, so its folders in /var are missing.
    const options = `-e stderr -p "${folder}" -g "pid ${folder}/nginx.pid;"`;
    const script = `#!/bin/sh -e\ntest -f "$3"\nexec "${binary('nginx')}" ${options} "$1" "$2" "${folder}/nginx.conf"\n`;
    await writeFile(join(folder, 'bin', 'nginx'), script, { mode: 0o755 });
    assert.match((await runSection('Behind nginx')).stderr, /test is successful/);
  });
});
