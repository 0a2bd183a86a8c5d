/** The units of systemd: how much they allow, and a socket that systemd really passes. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CLI } from '../../support/gateway-process.ts';
import { send } from '../../support/http-client.ts';
import { RawStore } from '../../support/raw-store.ts';
import { endWithUs } from '../support/end-with-us.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';

const units = fileURLToPath(new URL('../../../deploy/systemd/', import.meta.url));
const ACTIVATE = '/usr/bin/systemd-socket-activate';

describe('the units of systemd', { skip: existsSync(ACTIVATE) ? false : `${ACTIVATE} is not there` }, () => {
  it('have an exposure of 2.0 at most', async () => {
    const args = ['security', '--offline=true', '--threshold=20', join(units, 'mizuchi-uploadr.service')];
    const { stdout } = await promisify(execFile)('systemd-analyze', args);
    assert.match(stdout, /Overall exposure level/);
  });

  it('have a socket that serves the connection for which the gateway is started', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-systemd-'));
    const store = await RawStore.start();
    const [port] = await freePorts(1);
    const file = join(folder, 'config.yaml');
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'AK', secret_key: 'SK' };
    await writeFile(file, JSON.stringify({ buckets: [{ name: 'uploads', s3 }], metrics: { enabled: false } }));
    const listen = ['--listen', `127.0.0.1:${port}`];
    const gateway = spawn(ACTIVATE, [...listen, process.execPath, CLI, 'serve', '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithUs(gateway);
    const errors = text(gateway.stderr!);
    t.after(async () => {
      await store.close();
      await rm(folder, { recursive: true });
    });
    const { status } = await eventually('the upload is served', () =>
      send(`http://127.0.0.1:${port}`, 'PUT', '/uploads/k', 'hello'),
    );
    assert.equal(status, 200);
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    assert.equal(gateway.exitCode, 0, await errors);
  });
});
