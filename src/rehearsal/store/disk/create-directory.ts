/** Creates the store's directory, or reports why that is impossible. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'the process has no permission',
  EEXIST: 'it is a file',
  ENOENT: 'its file system does not allow it',
  ENOTDIR: 'a part of its path is a file',
  EPERM: 'its file system does not allow it',
  EROFS: 'its file system is read-only',
};

/** @throws Error that names the directory and the cause. */
export async function createDirectory(directory: string): Promise<void> {
  try {
    await create(directory);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(
      `the directory ${directory} cannot be created: ${CAUSES[code] ?? message}; choose another directory`,
    );
  }
}

/** Not with `recursive`: on procfs, where every new directory is ENOENT, that never returns. */
async function create(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return;
    if (code !== 'ENOENT') throw error;
    await create(dirname(directory));
    await mkdir(directory);
  }
}
