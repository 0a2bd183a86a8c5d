/** Temporary files, which are renamed to their final name or removed. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export class TemporaryFile {
  readonly path: string;
  readonly file: FileHandle;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /** Moves the file to its final name, and replaces an existing file. Atomic within the file system; not synced to the disk. */
  async moveTo(path: string): Promise<void> {
    await this.file.close();
    await rename(this.path, path);
  }

  /** Safe to call after `moveTo`. */
  async remove(): Promise<void> {
    await this.file.close().catch(() => {});
    await rm(this.path, { force: true });
  }
}

export class TemporaryFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Removes the files of a killed process. */
  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true });
  }

  /** Runs `work` with a new file, which is removed afterwards unless it was moved. */
  async use<T>(work: (temporary: TemporaryFile) => Promise<T>): Promise<T> {
    const path = join(this.#directory, randomUUID());
    const temporary = new TemporaryFile(path, await open(path, 'wx'));
    try {
      return await work(temporary);
    } finally {
      await temporary.remove();
    }
  }
}
