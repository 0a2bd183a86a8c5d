/**
 * Buckets and objects on disk. The file name is the SHA-256 of the key, so that no key leaves the directory,
 * is too long for the file system, or differs from another only in case: `buckets/<bucket>/<2 digits>/<62 digits>`.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChecksumName } from '../../../body/checksum.ts';
import { KeyLock } from '../key-lock.ts';
import { openSealed, readSealed, type Sealed, seal, undefinedIfMissing } from './sealed-file.ts';
import type { TemporaryFile } from './temporary-files.ts';

export interface StoredChecksum {
  readonly name: ChecksumName;
  /** Base64; a composite checksum ends with `-` and the number of parts. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

export interface ObjectDescription {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Request headers that are returned with the object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  /** The multipart upload that created it. */
  readonly uploadId?: string;
}

export type StoredObject = Sealed<ObjectDescription>;

export class ObjectFiles {
  readonly #directory: string;
  readonly #lock = new KeyLock();
  /** Directories that exist. */
  readonly #made = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#directory, bucket), { recursive: true });
  }

  async hasBucket(bucket: string): Promise<boolean> {
    return (await stat(join(this.#directory, bucket)).catch(undefinedIfMissing)) !== undefined;
  }

  read(bucket: string, key: string): Promise<StoredObject | undefined> {
    return readSealed(this.#pathOf(bucket, key));
  }

  /** Like `read`, with the open file, which does not change if the object is replaced. The caller closes it. */
  open(bucket: string, key: string): Promise<(StoredObject & { readonly file: FileHandle }) | undefined> {
    return openSealed(this.#pathOf(bucket, key));
  }

  /**
   * Moves a file to the object of its key.
   * @param check receives the existing object, and throws to keep it; the check and the write are atomic.
   */
  async commit(
    bucket: string,
    temporary: TemporaryFile,
    description: ObjectDescription,
    check: (current: StoredObject | undefined) => void,
  ): Promise<void> {
    const path = this.#pathOf(bucket, description.key);
    await seal(temporary.file, description);
    await this.#makeDirectory(join(path, '..'));
    await this.#lock.run(path, async () => {
      check(await readSealed(path));
      await temporary.moveTo(path);
    });
  }

  async remove(bucket: string, key: string): Promise<void> {
    const path = this.#pathOf(bucket, key);
    await this.#lock.run(path, () => rm(path, { force: true }));
  }

  /** All objects of a bucket in the order of their keys as UTF-8, which is S3's. */
  async list(bucket: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    const root = join(this.#directory, bucket);
    for (const directory of await readdir(root)) {
      for (const name of await readdir(join(root, directory))) {
        const object = await readSealed<ObjectDescription>(join(root, directory, name));
        if (object !== undefined) found.push(object);
      }
    }
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.description.key), Buffer.from(b.description.key)));
  }

  async #makeDirectory(directory: string): Promise<void> {
    if (this.#made.has(directory)) return;
    await mkdir(directory, { recursive: true });
    this.#made.add(directory);
  }

  #pathOf(bucket: string, key: string): string {
    const hash = createHash('sha256').update(key, 'utf8').digest('hex');
    return join(this.#directory, bucket, hash.slice(0, 2), hash.slice(2));
  }
}
