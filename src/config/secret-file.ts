/** The content of a file with one secret, such as a mounted Kubernetes Secret. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { hintForFile } from './config-error.ts';
import type { Complaint } from './field.ts';

/** Bytes. The longest secrets are session tokens and JSON keys. */
const MAX_FILE = 64 * 1024;

/** Reads the file that a setting names. Its end of line is not part of the secret. */
export type ReadSecret = (path: string) => { readonly text: string } | Complaint;

/** @param configFile paths are relative to its directory. @param used collects the absolute paths. */
export function secretReader(configFile: string, used: Set<string>): ReadSecret {
  return (path) => {
    const file = resolve(dirname(configFile), path);
    used.add(file);
    try {
      return textOf(readBounded(file));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return { wrong: `cannot be read (${code})`, hint: hintForFile(code) };
    }
  };
}

function textOf(bytes: Buffer): ReturnType<ReadSecret> {
  if (bytes.length > MAX_FILE) return { wrong: 'is larger than 64 KiB', hint: 'name a file with only the secret' };
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? { wrong: 'is empty', hint: 'write the secret into the file' } : { text };
}

/** A pipe would block the process, and a device may be endless. @throws Error with the code EINVAL for them. */
function readBounded(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() && !found.isDirectory())
      throw Object.assign(new Error('not a regular file'), { code: 'EINVAL' });
    const bytes = Buffer.alloc(MAX_FILE + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
