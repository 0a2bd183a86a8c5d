/** What came of a command line. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Waits for its end. @param stdin is all that it gets to read. */
export async function endOf(child: ChildProcess, stdin?: Buffer): Promise<CliResult> {
  child.stdin!.on('error', () => {}); // it may end before it has read all
  child.stdin!.end(stdin);
  const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  return { code, out, err };
}
