/** The Debian package: checked by lintian, and installed and run in a copy of this system with the commands of docs/deploy.md. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { AwsCli } from '../support/aws-cli.ts';
import { blocksOf } from '../support/deploy-guide.ts';
import { clientOf } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { binary } from '../support/real-server.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY, startMinio } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';
import { SystemCopy } from '../support/system-copy.ts';

const run = promisify(execFile);
const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const CONFIG = '/etc/mizuchi-uploadr/config.yaml';
const CREDENTIALS = '/run/credentials/mizuchi-uploadr.service';
const USER = 'mizuchi-uploadr';

const notHere =
  process.platform !== 'linux' || process.getuid?.() !== 0 ? 'the package is installed by root on Debian' : false;

describe('the Debian package', { skip: notHere }, () => {
  const [build, install, secrets, examine, start, control, ...others] = blocksOf('One machine', 'sh') as [
    string,
    ...string[],
  ];
  let folder: string;
  let file: string;
  let store: RealStore;
  let system: SystemCopy;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-deb-'));
    file = (await run('sh', ['-ec', build], { cwd: checkout })).stdout.trim();
    store = await startMinio();
    const direct = clientOf(store.url);
    await direct.send(new CreateBucketCommand({ Bucket: 'my-bucket' }));
    direct.destroy();
    system = await SystemCopy.start();
  });
  after(async () => {
    await system.stop();
    await store.stop();
    await rm(folder, { recursive: true });
  });

  it('has a guide whose commands all run here', () => {
    assert.ok(control !== undefined);
    assert.deepEqual(others, []);
  });

  it('is clean by lintian', async () => {
    await run(binary('lintian'), ['--allow-root', '--fail-on', 'error,warning', file]);
  });

  it('is installed by the commands of the guide, which end with a service that can start', async () => {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    await system.run('mkdir -p /tmp/install');
    await system.put(file, '/tmp/install/');
    await system.run(`cd /tmp/install; ${install}`);
    await system.run(secrets!, { ACCESS_KEY, SECRET_KEY });
    const [config = ''] = blocksOf('One machine', 'yaml');
    const here = config
      .replace('0.0.0.0:8080', `127.0.0.1:${port}`)
      .replace('port: 9090', `port: ${adminPort}`)
      .replace('https://s3.example.com', store.url);
    await writeFile(join(folder, 'config.yaml'), here);
    await system.put(join(folder, 'config.yaml'), CONFIG);
    assert.match(await system.run(examine!), /uploads[\s\S]*Everything works\.\n$/);
    assert.equal(await system.run('systemd-analyze verify mizuchi-uploadr.service mizuchi-uploadr.socket 2>&1'), '');
    assert.match(await system.run('stat -c "%a %U" /etc/mizuchi-uploadr/secrets/*'), /^(600 root\n){3}$/);

    const [probe, ...commands] = start!.trim().split('\n').reverse() as [string, ...string[]];
    await system.run(commands.reverse().join('\n'));
    assert.equal(await system.run('systemctl is-enabled mizuchi-uploadr.socket'), 'enabled\n');
    await system.run(control!);
    await serveUploads(`http://127.0.0.1:${port}`, probe);
  });

  /** As systemd would start it: the command, the user and the copies of the secrets of the installed unit. */
  async function serveUploads(url: string, probe: string): Promise<void> {
    const unit = await system.run('cat /lib/systemd/system/mizuchi-uploadr.service');
    const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)![1]!;
    await system.run(`mkdir -p ${CREDENTIALS}
      for each in ${setting('LoadCredential').split(':')[1]}/*; do
        install -m 400 -o ${USER} "$each" "${CREDENTIALS}/secrets_$(basename "$each")"
      done`);
    const [variable, value] = setting('Environment').split('=') as [string, string];
    const env = { [variable]: value.replace('%d', CREDENTIALS), PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
    const gateway = system.start(setting('User'), setting('ExecStart').split(' '), env);
    const [out, errors] = [text(gateway.stdout!), text(gateway.stderr!)];
    const line = await eventually('the probe succeeds', async () => {
      if (gateway.exitCode !== null) throw new Error(`the gateway has ended: ${await out} ${await errors}`);
      return system.run(probe);
    });
    assert.match(line, /^\/ready of the admin port \S+: 200 /);
    const body = randomBytes(1_000_000);
    await writeFile(join(folder, 'body'), body);
    const { code, err } = await new AwsCli(url, folder).run(['s3', 'cp', 'body', 's3://uploads/from-deb']);
    assert.equal(code, 0, err);
    const direct = clientOf(store.url);
    assert.equal(await new StoredObjects(direct, 'my-bucket').sha256('from-deb'), sha256(body));
    direct.destroy();
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    assert.equal(gateway.exitCode, 0, `${await out} ${await errors}`);
  }

  it('leaves the configuration and the secrets of the operator when it is removed, and nothing else', async () => {
    await system.run('dpkg --purge mizuchi-uploadr');
    const left = await system.run("find /usr /lib/systemd /etc /var/lib -path '*mizuchi-uploadr*' -not -type l");
    const own = left.split('\n').filter((path) => path !== '' && !path.startsWith('/etc/mizuchi-uploadr'));
    assert.deepEqual(own, []);
    await system.run(`test -f ${CONFIG}`);
  });
});
