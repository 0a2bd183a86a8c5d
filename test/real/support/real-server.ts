/**
 * A server that we did not write, as a child process: started in a folder of its own, awaited by its health endpoint, its
 * output kept in a file, ended by its pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs } from './end-with-us.ts';
import { eventually } from './eventually.ts';

export interface RealServer {
  readonly pid: number;
  /** The last that it wrote, for whoever wonders why a test failed. */
  lastWords(): string;
  /** Ends it and removes its folder. Safe twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  /** What is run; what the script has installed under this name unless given. */
  readonly file?: string;
  /** @param folder the server's own, empty. */
  readonly args: (folder: string) => readonly string[] | Promise<readonly string[]>;
  readonly env?: NodeJS.ProcessEnv;
  /** Answers 2xx as soon as the server can be used. */
  readonly healthUrl: string;
}

/** @throws Error with its last words if it ends early or is not healthy within a minute. */
export async function startRealServer({ name, file, args, env, healthUrl }: StartOptions): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), `mizuchi-real-${name}-`));
  const output = join(folder, 'output.log');
  const log = openSync(output, 'w');
  const child = spawn(file ?? binary(name), await args(folder), {
    cwd: folder,
    env: { ...withoutProxies(process.env), ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  endWithUs(child);
  child.unref(); // a test that failed to stop it shall not wait for it
  const exited = once(child, 'exit').catch(() => {});
  const lastWords = (): string =>
    `${name} said:\n${existsSync(output) ? readFileSync(output, 'utf8').slice(-4000) : ''}`;
  const stop = async (): Promise<void> => {
    await end(child, exited);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(`${name} is healthy`, async () => {
      if (hasEnded(child)) throw new Error(`${name} has ended: ${child.signalCode ?? child.exitCode}`);
      return (await fetch(healthUrl)).ok || undefined;
    });
  } catch (cause) {
    const words = lastWords();
    await stop();
    throw new Error(`${(cause as Error).message}\n${words}`, { cause });
  }
  return { pid: child.pid!, lastWords, stop };
}

/** Where `scripts/install-real-servers.sh` puts what it installs. */
export function binary(name: string): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const root = process.env.MIZUCHI_REAL_SERVERS || join(cache, 'mizuchi-uploadr', 'real-servers');
  const path = join(root, 'bin', name);
  if (!existsSync(path)) throw new Error(`${path} is not there: run scripts/install-real-servers.sh`);
  return path;
}

/** Everything is on this machine: nothing that we start may ask a proxy for it. */
export function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/_proxy$/i.test(name)));
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Nothing of it is kept, so it need not take its time. */
async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  child.ref();
  child.kill('SIGKILL');
  await exited;
}
