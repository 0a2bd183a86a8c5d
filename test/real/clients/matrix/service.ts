/** A client of the matrix that runs as a service of lines: it gets a job in JSON per line, and answers each with a line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { endWithUs } from '../../support/end-with-us.ts';
import { withoutProxies } from '../../support/real-server.ts';

export interface ServiceCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** What a job may take before its client counts as hanging. */
const PATIENCE_MILLIS = 120_000;

export class Service {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** With its last words, once it has ended. */
  readonly #ended: Promise<string>;

  /** @param folder is its HOME. */
  constructor({ file, args, env }: ServiceCommand, folder: string) {
    this.#child = spawn(file, args, {
      cwd: folder,
      stdio: 'pipe',
      env: { ...withoutProxies({ PATH: process.env.PATH, HOME: folder }), LC_ALL: 'C.UTF-8', ...env },
    });
    endWithUs(this.#child);
    this.#lines = createInterface(this.#child.stdout!);
    this.#ended = text(this.#child.stderr!);
    this.#child.stdin!.on('error', () => {});
  }

  /** @returns what the client said of its failure; undefined if it is content. */
  async do(job: object): Promise<string | undefined> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MILLIS);
    const line = once(this.#lines, 'line');
    this.#child.stdin!.write(`${JSON.stringify(job)}\n`);
    const first = await Promise.race([line, this.#ended]);
    clearTimeout(timer);
    if (typeof first === 'string') return `the client has ended: ${first}`;
    return (JSON.parse(first[0]) as { error?: string }).error;
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
  }
}
