/** boto3, in a Python process of its own that does what it is asked, one thing after the other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './end-with-us.ts';
import type { Keys } from './keys.ts';
import { binary } from './real-server.ts';

const SCRIPT = fileURLToPath(new URL('boto3-service.py', import.meta.url));

/** What boto3 made of it; `error` is the S3 code, or the name of an exception of its own. */
export interface BotoResult {
  readonly error?: string;
  readonly message?: string;
  readonly status?: number;
  /** What the method returned. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** The body of a reply to a presigned request. */
  readonly text?: string;
  readonly url?: string;
}

/** A client of boto3 that asks once. */
export interface BotoClient {
  call(method: string, args: object, body?: Buffer): Promise<BotoResult>;
  uploadFileObject(file: string, args: object): Promise<BotoResult>;
  /** As from a pipe. */
  uploadUnseekable(file: string, args: object): Promise<BotoResult>;
  putPresigned(args: object, body: Buffer, headers?: Record<string, string>): Promise<BotoResult>;
  /** @param spoil replaces fields of the form. */
  postPresigned(args: object, body: Buffer, spoil?: Record<string, string>): Promise<BotoResult>;
}

export class Boto3 {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** With its last words, once it has ended. */
  readonly #ended: Promise<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** @param folder is its HOME. @param python the one that has it: of now, or an old one. */
  constructor(folder: string, python: 'boto3' | 'boto3-old' = 'boto3') {
    const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
    this.#child = spawn(binary(python), [SCRIPT], { cwd: folder, stdio: 'pipe', env });
    endWithUs(this.#child);
    this.#lines = createInterface(this.#child.stdout!);
    this.#ended = text(this.#child.stderr!);
    this.#child.stdin!.on('error', () => {});
  }

  client(endpoint: string, keys: Keys): BotoClient {
    const ask = (request: object): Promise<BotoResult> => this.#ask({ endpoint, keys, ...request });
    const base64 = (body?: Buffer): string | undefined => body?.toString('base64');
    return {
      call: (method, args, body) => ask({ do: 'call', method, args, body: base64(body) }),
      uploadFileObject: (file, args) => ask({ do: 'upload_file_object', file, args }),
      uploadUnseekable: (file, args) => ask({ do: 'upload_unseekable', file, args }),
      putPresigned: (args, body, headers) => ask({ do: 'put_presigned', args, body: base64(body), headers }),
      postPresigned: (args, body, spoil) => ask({ do: 'post_presigned', args, body: base64(body), spoil }),
    };
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, 'close');
  }

  #ask(request: object): Promise<BotoResult> {
    const answered = this.#last.then(() => this.#exchange(request));
    this.#last = answered.catch(() => {});
    return answered;
  }

  async #exchange(request: object): Promise<BotoResult> {
    const line = once(this.#lines, 'line');
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const first = await Promise.race([line, this.#ended]);
    if (typeof first === 'string') throw new Error(`boto3 has ended: ${first}`);
    return JSON.parse(first[0]);
  }
}
