/** The AWS CLI as somebody types it, with nothing of this machine's own configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { endWithUs } from './end-with-us.ts';
import { binary } from './real-server.ts';

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class AwsCli {
  readonly #endpoint: string;
  readonly #folder: string;
  readonly #certificateFile: string | undefined;

  /** @param folder is where it runs and where its HOME is. */
  constructor(endpoint: string, folder: string, certificateFile?: string) {
    this.#endpoint = endpoint;
    this.#folder = folder;
    this.#certificateFile = certificateFile;
  }

  /** Runs to its end. */
  async run(args: readonly string[], stdin?: Buffer): Promise<CliResult> {
    const child = this.start(args);
    child.stdin!.on('error', () => {}); // it may end before it has read all
    child.stdin!.end(stdin);
    const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
    return { code, out, err };
  }

  start(args: readonly string[]): ChildProcess {
    const child = spawn(binary('aws'), ['--endpoint-url', this.#endpoint, ...args], {
      cwd: this.#folder,
      stdio: 'pipe',
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        AWS_ACCESS_KEY_ID: 'anybody',
        AWS_SECRET_ACCESS_KEY: 'anything',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
        ...(this.#certificateFile !== undefined && { AWS_CA_BUNDLE: this.#certificateFile }),
      },
    });
    endWithUs(child);
    return child;
  }
}
