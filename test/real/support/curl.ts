/** curl as somebody types it, without a configuration of its own. */
import { spawn } from 'node:child_process';
import { type CliResult, endOf } from './cli-result.ts';
import { endWithUs } from './end-with-us.ts';

export interface CurlReply {
  readonly status: number;
  /** Of the last reply: of what followed `100 Continue`. */
  readonly head: string;
  readonly body: string;
}

/** @param stdin is what `-T -` sends. @throws Error where curl itself failed. */
export async function curl(args: readonly string[], stdin?: Buffer): Promise<CurlReply> {
  const { code, out, err } = await run(
    ['--disable', '--silent', '--show-error', '--noproxy', '*', '-i', ...args],
    stdin,
  );
  if (code !== 0) throw new Error(`curl ended with ${code}: ${err}`);
  const [, head, body] = /^(?:HTTP\/1\.1 1\d\d[^\r\n]*\r\n\r\n)*(HTTP\/.*?)\r\n\r\n(.*)$/s.exec(out)!;
  return { status: Number(head!.split(' ')[1]), head: head!, body: body! };
}

/** Its major version. @throws Error where it is not there. */
export async function curlVersion(): Promise<number> {
  const { out } = await run(['--version']);
  return Number(/^curl (\d+)\./.exec(out)![1]);
}

function run(args: readonly string[], stdin?: Buffer): Promise<CliResult> {
  const child = spawn('curl', args, { stdio: 'pipe' });
  endWithUs(child);
  return endOf(child, stdin);
}
