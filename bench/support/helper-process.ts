/**
 * A process of its own that answers questions over IPC: both ends. Everything that takes part in a benchmark is one, so
 * that the CPU of a contestant is nobody else's.
 */
import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';

type Answers = Record<string, (argument: never) => unknown>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The child's end: answers until the parent hangs up or is gone. */
export function respondToBucketRequests(answers: Answers): void {
  process.on('message', ({ id, name, argument }: Question) => {
    void answer(answers, name, argument).then((told) => process.connected && process.send!({ id, ...told }));
  });
  process.on('SIGINT', () => {}); // the parent ends us
}

async function answer(answers: Answers, name: string, argument: unknown): Promise<Omit<Answer, 'id'>> {
  try {
    return { result: await answers[name]!(argument as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The parent's end. */
export class HelperProcess {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /**
   * @param file beside this one. @param nodeOptions such as `--cpu-prof`.
   * @param tool a program that runs Node.js, with its arguments; the standard output is then discarded.
   */
  constructor(file: string, nodeOptions: readonly string[] = [], tool: readonly string[] = []) {
    const path = new URL(file, import.meta.url);
    const [execPath = process.execPath, ...execArgv] = [...tool, process.execPath, ...nodeOptions];
    const stdio: StdioOptions = ['inherit', tool.length > 0 ? 'ignore' : 'inherit', 'inherit', 'ipc'];
    this.#child = fork(path, { execPath, execArgv, env: plainEnvironment(), stdio });
    this.#child.on('message', (message) => this.#take(message as Answer));
    this.#child.on('exit', (code, signal) => {
      const error = `${file} has ended: ${signal ?? code}`;
      for (const id of [...this.#open.keys()]) this.#take({ id, error });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws Error with the stack of what went wrong in there, or if the process ends before it answers. */
  async ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = ++this.#last;
    const told = new Promise<Answer>((resolve) => this.#open.set(id, resolve));
    if (!this.#child.connected) throw new Error('the process has ended');
    this.#child.send({ id, name, argument } satisfies Question);
    const { result, error } = await told;
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return result as T;
  }

  /** Lets the process come to its own end, and ends it if it does not within 10 s. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(kill);
  }

  #take(answer: Answer): void {
    this.#open.get(answer.id)?.(answer);
    this.#open.delete(answer.id);
  }
}

/** The official exporters read their variables beneath whatever they are told, and proxies would measure the proxy. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^OTEL_|_proxy$/i.test(name)));
}
