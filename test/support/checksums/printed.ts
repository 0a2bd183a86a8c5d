/** The CRCs of all cases as a process computes them that begins with these arguments of Node.js. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface PrintedCrcs {
  /** Of each case, in base64. */
  readonly crcs: Readonly<Record<'crc32' | 'crc32c' | 'crc64nvme', readonly string[]>>;
  /** Files of the native addons that the process loaded. */
  readonly addons: readonly string[];
}

const PRINT = fileURLToPath(new URL('print.ts', import.meta.url));

export async function printedCrcs(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<PrintedCrcs> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, PRINT], { env: { ...process.env, ...env } });
  return JSON.parse(stdout) as PrintedCrcs;
}
