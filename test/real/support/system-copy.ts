/**
 * A copy of this system that a test can change: an overlay over its root, in memory, in a mount namespace of its own. It has the
 * network of this system and no service manager. Needs root.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endWithUs } from './end-with-us.ts';

const run = promisify(execFile);

/** `sleep` keeps the namespace. */
const SCRIPT = `set -e
mount --make-rprivate /
cd "$1"
mkdir lower upper root
mount --bind / lower
mount -t tmpfs tmpfs upper
mkdir upper/files upper/work
mount -t overlay overlay -o lowerdir=lower,upperdir=upper/files,workdir=upper/work root
mount -t proc proc root/proc
mount --rbind /dev root/dev
echo mounted
exec sleep infinity`;

export class SystemCopy {
  readonly #folder: string;
  readonly #holder: ChildProcess;

  private constructor(folder: string, holder: ChildProcess) {
    this.#folder = folder;
    this.#holder = holder;
  }

  /** @throws Error if this machine cannot mount an overlay. */
  static async start(): Promise<SystemCopy> {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-system-'));
    const holder = spawn('unshare', ['--mount', 'sh', '-c', SCRIPT, 'system-copy', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithUs(holder);
    const exited = once(holder, 'exit').then(() => Promise.reject(new Error('an overlay cannot be mounted')));
    await Promise.race([once(holder.stdout!, 'data'), exited]);
    exited.catch(() => {}); // it ends with `stop`
    return new SystemCopy(folder, holder);
  }

  /** Runs a script of the shell as root. @throws Error with its output if it fails. */
  async run(script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const args = [...this.#inside(['chroot', this.#root]), 'sh', '-ec', script];
    // No service manager runs here: systemctl then enables units, and says that it ignores the other commands.
    const variables = { ...process.env, SYSTEMD_OFFLINE: '1', ...env };
    const { stdout } = await run('nsenter', args, { env: variables, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  }

  /** Starts a program as another user, without capabilities. */
  start(user: string, command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const chroot = ['setpriv', '--no-new-privs', 'chroot', `--userspec=${user}:${user}`, '--groups=', this.#root];
    const child = spawn('nsenter', [...this.#inside(chroot), ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    endWithUs(child);
    return child;
  }

  /** Copies a file of this system. */
  async put(file: string, place: string): Promise<void> {
    await run('nsenter', this.#inside(['cp', file, join(this.#root, place)]));
  }

  async stop(): Promise<void> {
    this.#holder.kill('SIGKILL');
    await once(this.#holder, 'exit');
    // Outside of the namespace they are empty. A mistake with the mounts must not remove what they show.
    for (const name of ['lower', 'upper', 'root', '']) await rmdir(join(this.#folder, name));
  }

  get #root(): string {
    return join(this.#folder, 'root');
  }

  #inside(command: readonly string[]): string[] {
    return [`--mount=/proc/${this.#holder.pid}/ns/mnt`, ...command];
  }
}
