/**
 * A file with bytes, followed by their description. One rename makes both visible, so that a crash cannot leave the bytes of
 * one upload with the description of another.
 *
 *     bytes · description as JSON in UTF-8 · length of the description, 4 bytes big-endian · "MZ01"
 */
import { type FileHandle, open } from 'node:fs/promises';

const MARK = Buffer.from('MZ01', 'latin1');
const FOOTER = 4 + MARK.length;
/** Bytes to read first from the end of the file: nearly every description fits. */
const TAIL = 4096;

export interface Sealed<T> {
  readonly description: T;
  /** Number of the bytes before the description. */
  readonly size: number;
}

/** Appends the description to the bytes. Must be the last write. */
export async function seal(file: FileHandle, description: object): Promise<void> {
  const json = Buffer.from(JSON.stringify(description), 'utf8');
  const footer = Buffer.alloc(FOOTER);
  footer.writeUInt32BE(json.length);
  MARK.copy(footer, 4);
  await writeAll(file, Buffer.concat([json, footer]));
}

/** A write may be partial. */
export async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** @returns undefined if there is no such file. The caller closes the file. */
export async function openSealed<T>(path: string): Promise<(Sealed<T> & { readonly file: FileHandle }) | undefined> {
  const file = await open(path, 'r').catch(undefinedIfMissing);
  if (file === undefined) return undefined;
  try {
    return { file, ...(await readDescription<T>(file, path)) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @returns undefined if there is no such file. */
export async function readSealed<T>(path: string): Promise<Sealed<T> | undefined> {
  const sealed = await openSealed<T>(path);
  if (sealed === undefined) return undefined;
  await sealed.file.close();
  return { description: sealed.description, size: sealed.size };
}

async function readDescription<T>(file: FileHandle, path: string): Promise<Sealed<T>> {
  const { size: total } = await file.stat();
  let tail = await readAt(file, Math.max(0, total - TAIL), Math.min(TAIL, total));
  if (total < FOOTER || !tail.subarray(-MARK.length).equals(MARK))
    throw new Error(`${path} is not a file of this store`);
  const length = tail.readUInt32BE(tail.length - FOOTER);
  const start = total - FOOTER - length;
  if (length + FOOTER > tail.length) tail = await readAt(file, start, length + FOOTER);
  const json = tail.toString('utf8', tail.length - FOOTER - length, tail.length - FOOTER);
  return { description: JSON.parse(json) as T, size: start };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error('the file ended early');
    at += bytesRead;
  }
  return bytes;
}

export function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Size of the copy buffer, in bytes. */
const PIECE = 1024 * 1024;

/** The bytes before the description. A chunk is valid until the next one is read. */
export async function* piecesOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(PIECE, size - at), at);
    if (bytesRead === 0) throw new Error('the file ended early');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
