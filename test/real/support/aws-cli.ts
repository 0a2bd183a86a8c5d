/** The AWS CLI as somebody types it, with nothing of this machine's own configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type CliResult, endOf } from './cli-result.ts';
import { endWithUs } from './end-with-us.ts';
import type { Keys } from './keys.ts';
import { binary } from './real-server.ts';

const ANYBODY: Keys = { accessKeyId: 'anybody', secretAccessKey: 'anything' };

export class AwsCli {
  readonly #endpoint: string;
  readonly #folder: string;
  readonly #certificateFile: string | undefined;
  readonly #keys: Keys;

  /** @param folder is where it runs and where its HOME is. */
  constructor(endpoint: string, folder: string, certificateFile?: string, keys: Keys = ANYBODY) {
    this.#endpoint = endpoint;
    this.#folder = folder;
    this.#certificateFile = certificateFile;
    this.#keys = keys;
  }

  /** The same for somebody else. */
  as(keys: Keys): AwsCli {
    return new AwsCli(this.#endpoint, this.#folder, this.#certificateFile, keys);
  }

  /** Runs to its end. */
  run(args: readonly string[], stdin?: Buffer): Promise<CliResult> {
    return endOf(this.start(args), stdin);
  }

  start(args: readonly string[]): ChildProcess {
    const child = spawn(binary('aws'), ['--endpoint-url', this.#endpoint, ...args], {
      cwd: this.#folder,
      stdio: 'pipe',
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        AWS_ACCESS_KEY_ID: this.#keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: this.#keys.secretAccessKey,
        AWS_SESSION_TOKEN: this.#keys.sessionToken,
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
