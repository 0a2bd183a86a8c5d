/** The image: built twice, read, and run as a container runtime would run it, with a real client, store and Jaeger. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { Boto3 } from '../support/boto3.ts';
import { confined, type MemoryLimit, memoryLimit } from '../support/confined.ts';
import { blocksOf } from '../support/deploy-guide.ts';
import { clientOf } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { STORE_BUCKET } from '../support/gateway-in-front.ts';
import { type Jaeger, startJaeger } from '../support/jaeger.ts';
import { type OciImage, readLayout } from '../support/oci-layout.ts';
import { binary } from '../support/real-server.ts';
import { ACCESS_KEY, type RealStore, SECRET_KEY, startMinio } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';

const run = promisify(execFile);
const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const LAYOUT = join(checkout, 'dist', 'image');
const SBOM = 'usr/share/doc/mizuchi-uploadr/sbom.cdx.json';
const HOME = 'usr/lib/mizuchi-uploadr';
const LIMIT = 128 * 1024 * 1024;
const SPANS = 4;

const notHere =
  process.platform !== 'linux' || process.getuid?.() !== 0 || process.arch !== 'x64'
    ? 'the image is unpacked and run by root on Linux on x64'
    : false;

const commands = blocksOf('Containers', 'sh');

async function build(): Promise<string> {
  const { stdout } = await run('sh', ['-ec', commands.join('')], { cwd: checkout, maxBuffer: 16 * 1024 * 1024 });
  return stdout.trim();
}

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly content: string }[];
    readonly components?: readonly { readonly name: string }[];
  }[];
}

describe('the image', { skip: notHere }, () => {
  let folder: string;
  let digest: string;
  let images: Map<string, OciImage>;
  /** The root directory of the image for this architecture, from a stock tool. */
  let root: string;
  let jaeger: Jaeger;
  let store: RealStore;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-image-'));
    digest = await build();
    images = readLayout(LAYOUT);
    root = await mounted(folder);
    [jaeger, store] = await Promise.all([startJaeger(), startMinio()]);
    const direct = clientOf(store.url);
    await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
    direct.destroy();
  });
  after(async () => {
    await jaeger.stop();
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is for amd64 and arm64, with its labels, a user without privileges and the command serve', () => {
    assert.deepEqual([...images.keys()].sort(), ['amd64', 'arm64']);
    const { version, license } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    for (const { config } of images.values()) {
      assert.deepEqual(
        [config.os, config.config.User, config.config.Entrypoint, config.config.Cmd],
        ['linux', '65532:65532', ['/usr/bin/mizuchi-uploadr'], ['serve']],
      );
      const { Labels } = config.config;
      assert.equal(Labels['org.opencontainers.image.title'], 'Mizuchi Uploadr');
      assert.equal(Labels['org.opencontainers.image.version'], version);
      assert.equal(Labels['org.opencontainers.image.licenses'], license);
    }
  });

  it('has Node for each architecture with the same libraries, and no shell', async () => {
    const libraries: string[][] = [];
    for (const [architecture, machine] of [
      ['amd64', 62],
      ['arm64', 183],
    ] as const) {
      const { layers } = images.get(architecture)!;
      const files = (await run('tar', ['-tzf', layers[0]!], { maxBuffer: 16 * 1024 * 1024 })).stdout.split('\n');
      assert.deepEqual(
        files.filter((file) => /(^|\/)(sh|bash|dash|busybox|env|apt|dpkg|npm)$/.test(file)),
        [],
      );
      assert.deepEqual(
        files.filter((file) => /^(usr\/)?s?bin\/./.test(file)),
        ['usr/bin/mizuchi-uploadr'],
      );
      libraries.push(files.filter((file) => /\.so(\.|$)/.test(file) && !/ld-linux/.test(file)));
      const { stdout } = await run('tar', ['-xzOf', layers[0]!, `${HOME}/node`], BINARY);
      assert.equal(stdout.readUInt16LE(18), machine); // e_machine of ELF
      const addons = files.filter((file) => /\/node_modules\/.*\.node$/.test(file));
      assert.equal(addons.length, 1, addons.join());
      const addon = (await run('tar', ['-xzOf', layers[0]!, addons[0]!], BINARY)).stdout;
      assert.equal(addon.readUInt16LE(18), machine);
    }
    const [amd64, arm64] = libraries.map((files) => files.map((file) => file.replace(/[^/]+-linux-gnu/, '')).sort());
    assert.deepEqual(arm64, amd64);
  });

  it('has a bill of materials with every package of npm, Node with its libraries, and the packages of Debian', async () => {
    const { stdout } = await run('npm', ['ls', '--all', '--omit=dev', '--package-lock-only', '--json'], {
      cwd: checkout,
    });
    const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as Lock;
    const expected = installedPackages(JSON.parse(stdout)).difference(packagesOfOtherPlatforms(lock));
    assert.ok(expected.size > 20, 'the runtime dependencies, without development dependencies');
    const { components } = JSON.parse(readFileSync(join(root, SBOM), 'utf8')) as Bill;
    const ofKind = (kind: string) => components.filter(({ purl }) => purl.startsWith(`pkg:${kind}/`));
    assert.deepEqual(
      ofKind('npm')
        .map(({ name, version }) => `${name}@${version}`)
        .sort(),
      [...expected].sort(),
    );
    const [node] = ofKind('generic');
    assert.equal(node?.version, process.versions.node);
    assert.equal(
      node.hashes?.[0]?.content,
      createHash('sha256')
        .update(readFileSync(join(root, HOME, 'node')))
        .digest('hex'),
    );
    for (const name of ['openssl', 'v8', 'uv', 'zlib', 'llhttp'])
      assert.ok(
        node.components?.some((each) => each.name === name),
        name,
      );
    const documented = (await run('ls', [join(root, 'usr/share/doc')])).stdout.trim().split('\n');
    assert.deepEqual([...ofKind('deb').map(({ name }) => name), 'mizuchi-uploadr'].sort(), documented.sort());
  });

  it('serves uploads read-only, without privileges and in 128 MiB, with their traces in Jaeger', async (t) => {
    const config = await mkdtemp(join(folder, 'config-'));
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    const s3 = { bucket: STORE_BUCKET, endpoint: store.url, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
    await writeFile(
      join(config, 'config.yaml'),
      JSON.stringify({
        server: { address: `127.0.0.1:${port}` },
        buckets: [{ name: 'uploads', s3 }],
        tracing: { service_name: 'gateway-in-image', otlp: { endpoint: jaeger.endpoints.grpc } },
        admin: { port: adminPort },
      }),
      { mode: 0o644 },
    );
    await run('chmod', ['755', folder, config]);
    const { Env, Entrypoint, Cmd } = images.get('amd64')!.config.config;
    const limit = await memoryLimit(LIMIT);
    if (typeof limit === 'string') t.diagnostic(`skipped: the limit of memory: ${limit}`);
    const cgroup = typeof limit === 'string' ? undefined : limit;
    const of = { root, config, env: variables(Env), cgroup };
    const gateway = await confined(of, [...Entrypoint, ...Cmd]);
    const [out, errors] = [text(gateway.stdout!), text(gateway.stderr!)];
    try {
      await eventually('the probe succeeds', async () => {
        if (gateway.exitCode !== null) throw new Error(`the gateway has ended: ${await out} ${await errors}`);
        return (await resultOf(await confined(of, [...Entrypoint, 'probe']))).code === 0 || undefined;
      });
      assertConfined(gateway.pid!, cgroup);
      await uploadAndTrace(`http://127.0.0.1:${port}`);
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
      assert.equal(gateway.exitCode, 0, await errors);
      if (cgroup !== undefined) t.diagnostic(`${peakOf(cgroup)} MiB at most, with the probes`);
    } finally {
      gateway.kill('SIGKILL');
      await out;
      await cgroup?.remove();
    }
  });

  async function uploadAndTrace(url: string): Promise<void> {
    const boto3 = new Boto3(folder);
    const direct = clientOf(store.url);
    try {
      const client = boto3.client(url, { accessKeyId: 'anybody', secretAccessKey: 'anything' });
      const [small, file] = [randomBytes(100_000), join(folder, 'large')];
      const large = randomBytes(30 * 1024 * 1024);
      await writeFile(file, large);
      const put = await client.call('put_object', { Bucket: 'uploads', Key: 'small' }, small);
      assert.deepEqual([put.error, put.message], [undefined, undefined]);
      const upload = await client.uploadFileObject(file, { Bucket: 'uploads', Key: 'large' });
      assert.deepEqual([upload.error, upload.message], [undefined, undefined]);
      const stored = new StoredObjects(direct, STORE_BUCKET);
      assert.deepEqual([await stored.sha256('small'), await stored.sha256('large')], [sha256(small), sha256(large)]);
    } finally {
      direct.destroy();
      await boto3.stop();
    }
    const trace = await eventually('Jaeger has the trace of the first upload', async () => {
      const api = await jaeger.tracesOf(1, 'gateway-in-image');
      return api.find(({ spans }) => spans.some((span) => span.operationName === 'aws.s3.put_object'));
    });
    assert.equal(trace.spans.length, SPANS);
  }

  it('computes CRC32C by its native addon', async () => {
    const { Env } = images.get('amd64')!.config.config;
    const program = `console.log(require('/${HOME}/node_modules/@node-rs/crc32').crc32c('123456789').toString(16))`;
    const node = await confined({ root, config: folder, env: variables(Env) }, [`/${HOME}/node`, '-e', program]);
    assert.deepEqual(await resultOf(node), { code: 0, out: 'e3069283\n' });
  });

  it('trusts the certificate authorities of the system, in addition to those of Node', async () => {
    const { Env } = images.get('amd64')!.config.config;
    const program =
      "const t = require('tls'); console.log(t.getCACertificates('system').length, t.getCACertificates('default').length >= t.getCACertificates('bundled').length)";
    const { code, out } = await resultOf(
      await confined({ root, config: folder, env: variables(Env) }, [`/${HOME}/node`, '-e', program]),
    );
    assert.equal(code, 0);
    assert.match(out, /^\d{2,} true\n$/);
  });

  it('has the same digest when it is built again', async () => {
    assert.equal(await build(), digest);
  });
});

const BINARY = { encoding: 'buffer', maxBuffer: 512 * 1024 * 1024 } as const;

/** The image as buildah unpacks it. @returns its root directory. */
async function mounted(folder: string): Promise<string> {
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const policy = join(folder, 'policy.json');
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const buildah = async (...args: string[]) => (await run(binary('buildah'), [...storage, ...args])).stdout.trim();
  const container = await buildah('from', '--signature-policy', policy, `oci:${LAYOUT}`);
  return buildah('mount', container);
}

const variables = (env: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(env.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]));

async function resultOf(child: Awaited<ReturnType<typeof confined>>): Promise<{ code: number | null; out: string }> {
  const [out, [code]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
  return { code, out };
}

function assertConfined(pid: number, cgroup: MemoryLimit | undefined): void {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\t0+$`, 'm'));
  assert.match(status, /^NoNewPrivs:\t1$/m);
  // Fields of proc_pid_mountinfo(5): the fifth is the mount point, seen from the root of the process.
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  assert.match(mounts.find(([, , , , point]) => point === '/')?.[5] ?? '', /^ro,/);
  if (cgroup !== undefined)
    assert.ok(readFileSync(join(cgroup.directory, 'cgroup.procs'), 'utf8').includes(String(pid)));
}

const peakOf = ({ directory }: MemoryLimit): number =>
  Math.round(Number(readFileSync(join(directory, 'memory.max_usage_in_bytes'), 'utf8')) / 1024 ** 2);

interface Installed {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Installed>>;
}

/** `name@version` of everything below. */
function installedPackages({ dependencies = {} }: Installed, found = new Set<string>()): Set<string> {
  for (const [name, each] of Object.entries(dependencies)) {
    if (each.version !== undefined) found.add(`${name}@${each.version}`);
    installedPackages(each, found);
  }
  return found;
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version: string; readonly os?: string[]; readonly cpu?: string[]; readonly libc?: string[] }
    >
  >;
}

/** `name@version` of the packages that npm does not install on Linux with glibc on x64. */
function packagesOfOtherPlatforms({ packages }: Lock): Set<string> {
  const found = new Set<string>();
  for (const [path, { version, os = ['linux'], cpu = ['x64'], libc = ['glibc'] }] of Object.entries(packages)) {
    if (os.includes('linux') && cpu.includes('x64') && libc.includes('glibc')) continue;
    found.add(`${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`);
  }
  return found;
}
