/**
 * Buckets and objects on disk. An object's file is named by the SHA-256 of its key, so that no key leaves the directory,
 * is too long for the file system, or collides with another by case: `buckets/<bucket>/<2 digits>/<62 digits>`.
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
  /** Base64; of a composite checksum with `-` and the number of parts behind it. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

export interface ObjectDescription {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Those headers of the request that come back with the object. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  /** The multipart upload that made it. */
  readonly uploadId?: string;
}

export type StoredObject = Sealed<ObjectDescription>;

export class ObjectFiles {
  readonly #directory: string;
  readonly #lock = new KeyLock();
  /** Those directories that are known to be there. */
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

  /** As `read`, with the open file, which stays what it is even if the object is replaced. The caller closes it. */
  open(bucket: string, key: string): Promise<(StoredObject & { readonly file: FileHandle }) | undefined> {
    return openSealed(this.#pathOf(bucket, key));
  }

  /**
   * Makes a file with the object's bytes the object of its key.
   * @param check is given what is there now, and throws to keep it; nothing comes between the look and the write.
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
