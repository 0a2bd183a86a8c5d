/** The gateway as its users run it: a process of its own, started from the command line with a configuration file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CLI: string = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface GatewayProcess {
  readonly process: ChildProcess;
  /** Its configuration file. */
  readonly file: string;
  readonly url: string;
  readonly metricsUrl: string;
  /** Lines of the log so far, parsed. */
  readonly log: Record<string, unknown>[];
  /** What it has written to the standard error so far. */
  readonly errors: string;
  /** The next line that matches, past ones included. */
  logged(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  readonly exited: Promise<number | null>;
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>;
}

/**
 * @param config becomes the configuration file (JSON is YAML).
 * @param cli the program: as it is in the checkout, or compiled.
 */
export async function startGatewayProcess(
  config: object,
  nodeArguments: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
  cli: string = CLI,
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
  const file = join(folder, 'config.yaml');
  await writeFile(file, JSON.stringify(config));
  const remove = (): Promise<void> => rm(folder, { recursive: true });
  return startProcess(file, [...nodeArguments, cli, 'serve', '--config', file], env, remove);
}

/** @param args further arguments of `serve`. */
export function startGatewayWithFile(file: string, args: readonly string[] = []): Promise<GatewayProcess> {
  return startProcess(file, [CLI, 'serve', '--config', file, ...args], process.env, async () => {});
}

/** With at most so many file descriptors. */
export function startGatewayWithDescriptors(file: string, most: number): Promise<GatewayProcess> {
  const serve = [process.execPath, CLI, 'serve', '--config', file];
  const limited = ['-c', `ulimit -n ${most} && exec "$@"`, 'sh', ...serve];
  return startProcess(file, limited, process.env, async () => {}, 'sh');
}

async function startProcess(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ended: () => Promise<void>,
  program = process.execPath,
): Promise<GatewayProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const log: Record<string, unknown>[] = [];
  const waiting: (() => void)[] = [];
  let rest = '';
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  child.stdout.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) log.push(JSON.parse(line));
    for (const wake of waiting.splice(0)) wake();
  });
  const exited = once(child, 'close').then(async ([code]) => {
    for (const wake of waiting.splice(0)) wake();
    await ended();
    return code as number | null;
  });
  const logged = async (matches: (line: Record<string, unknown>) => boolean) => {
    for (;;) {
      const line = log.find(matches);
      if (line !== undefined) return line;
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}: ${errors}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const { address, metrics_port } = await logged(({ msg }) => msg === 'listening');
  return {
    process: child,
    file,
    url: `http://${address}`,
    metricsUrl: `http://127.0.0.1:${metrics_port}/metrics`,
    log,
    get errors() {
      return errors;
    },
    logged,
    exited,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
