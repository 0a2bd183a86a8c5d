/** A DNS that is silent costs the collector its spans, and no upload its time: the store's name is looked up as fast as ever. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endWithUs } from './support/end-with-us.ts';
import type { SilentDns } from './support/silent-dns-scene.ts';

const SCENE = fileURLToPath(new URL('./support/silent-dns-scene.ts', import.meta.url));
/** What one lookup that nobody answers would cost an upload is five seconds at least. */
const SLOWEST_MILLIS = 3_000;

/** A command in a network of its own, with a configuration of the resolver of its own. */
const inside = (resolver: string, command: string): string[] => {
  const script = `ip link set lo up && mount --bind ${resolver} /etc/resolv.conf && ${command}`;
  return ['--map-root-user', '--mount', '--net', 'sh', '-c', script];
};

describe('a DNS that never responds', () => {
  let folder: string;
  let resolver: string;
  let impossible: string | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-dns-'));
    resolver = join(folder, 'resolv.conf');
    await writeFile(resolver, 'nameserver 127.0.0.1\n');
    await promisify(execFile)('unshare', inside(resolver, 'true')).catch((error) => {
      impossible = `no network of its own can be made here: ${error.message}`;
    });
  });
  after(() => rm(folder, { recursive: true }));

  for (const protocol of ['http/protobuf', 'grpc'])
    for (const signals of ['one', 'all'])
      it(`slows no upload, ${signals === 'all' ? 'traces, metrics and logs' : 'traces'} over ${protocol}`, async (t) => {
        if (impossible !== undefined) return t.skip(impossible);
        const command = `exec ${process.execPath} ${SCENE} ${protocol} ${signals}`;
        const running = promisify(execFile)('unshare', inside(resolver, command));
        endWithUs(running.child);
        const { questions, uploads, failed, slowest }: SilentDns = JSON.parse((await running).stdout);
        t.diagnostic(`${uploads} uploads, the slowest ${Math.round(slowest)} ms; ${questions} questions to the DNS`);
        assert.ok(questions > 0);
        assert.equal(failed, 0);
        assert.ok(slowest < SLOWEST_MILLIS, `${slowest} ms`);
      });
});
