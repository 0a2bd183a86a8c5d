/**
 * Runs a program as a container runtime would, without one: a read-only root directory of its own, user 65532, no capabilities, no new
 * privileges, a limit of memory. Needs root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endWithUs } from './end-with-us.ts';

/** The mounts vanish with the process. The capabilities that remain are those of chroot, and only until it changes the user. */
const SCRIPT = `set -e
mount --make-rprivate /
root=$1 config=$2 cgroup=$3 user=$4; shift 4
if [ -n "$cgroup" ]; then echo $$ >"$cgroup/cgroup.procs"; fi
mount --bind "$root" "$root"
mount --bind -o ro "$config" "$root/etc/mizuchi-uploadr"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec="$user" --groups= "$root" "$@"`;

export interface Confinement {
  /** The root directory. */
  readonly root: string;
  /** A directory that is mounted at /etc/mizuchi-uploadr. */
  readonly config: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cgroup?: MemoryLimit | undefined;
  readonly user?: string;
}

export async function confined(of: Confinement, command: readonly string[]): Promise<ChildProcess> {
  for (const name of ['dev', 'proc', 'etc/mizuchi-uploadr']) await mkdir(join(of.root, name), { recursive: true });
  const { root, config, env, cgroup, user = '65532:65532' } = of;
  const script = ['sh', '-c', SCRIPT, 'confined', root, config, cgroup?.directory ?? '', user];
  // The PATH is for the shell; the program has its own.
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const clean = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...variables];
  const child = spawn('unshare', ['--mount', ...clean, ...script, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  return child;
}

export interface MemoryLimit {
  readonly directory: string;
  remove(): Promise<void>;
}

/** @returns the reason if this machine has no memory controller of version 1 that can be written. */
export async function memoryLimit(bytes: number): Promise<MemoryLimit | string> {
  const parent = '/sys/fs/cgroup/memory';
  const writable = await access(parent, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return `${parent} cannot be written`;
  const directory = join(parent, `mizuchi-test-${process.pid}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'memory.limit_in_bytes'), String(bytes));
  return { directory, remove: () => rmdir(directory) };
}
