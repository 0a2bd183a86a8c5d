/** Multipart uploads on disk: `uploads/<upload id>/upload.json` and one sealed file per part, `part-00001`. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChecksumName } from '../../../body/checksum.ts';
import { KeyLock } from '../key-lock.ts';
import { S3Error } from '../s3-error.ts';
import type { StoredChecksum } from './object-files.ts';
import { openSealed, readSealed, type Sealed, seal, undefinedIfMissing } from './sealed-file.ts';
import type { TemporaryFile } from './temporary-files.ts';

export interface UploadDescription {
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly initiated: number;
  /** The checksum that the client declared for the upload. */
  readonly checksum: Pick<StoredChecksum, 'name' | 'type'> | undefined;
}

export interface PartDescription {
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly checksum?: { readonly name: ChecksumName; readonly value: string } | undefined;
}

export type StoredPart = Sealed<PartDescription> & { readonly number: number };

const UPLOAD_ID = /^[0-9a-f]{32}$/;
const PART_FILE = /^part-(\d{5})$/;

export class UploadFiles {
  readonly #directory: string;
  readonly #lock = new KeyLock();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async create(description: UploadDescription): Promise<string> {
    const id = randomBytes(16).toString('hex');
    const directory = join(this.#directory, id);
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'upload.json');
    await writeFile(`${file}.new`, JSON.stringify(description));
    await rename(`${file}.new`, file);
    return id;
  }

  /** Undefined unless the upload exists for this key. */
  async find(id: string, bucket: string, key: string): Promise<UploadDescription | undefined> {
    const upload = await this.#read(id);
    return upload?.bucket === bucket && upload.key === key ? upload : undefined;
  }

  /** Like `find`. @throws S3Error NoSuchUpload. */
  async get(id: string, bucket: string, key: string): Promise<UploadDescription> {
    const upload = await this.find(id, bucket, key);
    if (upload === undefined) throw new S3Error('NoSuchUpload');
    return upload;
  }

  /** Runs `work` with a lock against committing parts, completing and aborting this upload. */
  exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    return this.#lock.run(id, work);
  }

  /** @throws S3Error NoSuchUpload if the upload has ended in the meantime. */
  async commitPart(id: string, number: number, temporary: TemporaryFile, description: PartDescription): Promise<void> {
    await seal(temporary.file, description);
    await this.#lock.run(id, async () => {
      if ((await this.#read(id)) === undefined) throw new S3Error('NoSuchUpload');
      await temporary.moveTo(this.#partPath(id, number));
    });
  }

  /** In ascending order. */
  async partNumbers(id: string): Promise<number[]> {
    const names = await readdir(join(this.#directory, id));
    return names
      .flatMap((name) => Number(PART_FILE.exec(name)?.[1] ?? []))
      .filter((n) => n > 0)
      .sort((a, b) => a - b);
  }

  async readPart(id: string, number: number): Promise<StoredPart | undefined> {
    const part = await readSealed<PartDescription>(this.#partPath(id, number));
    return part === undefined ? undefined : { number, ...part };
  }

  /** The caller closes the file. */
  openPart(id: string, number: number): Promise<(Sealed<PartDescription> & { readonly file: FileHandle }) | undefined> {
    return openSealed(this.#partPath(id, number));
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#directory, id), { recursive: true });
  }

  /** The uploads of a bucket that are in progress, ordered by key and ID. */
  async list(bucket: string): Promise<(UploadDescription & { readonly id: string })[]> {
    const found: (UploadDescription & { readonly id: string })[] = [];
    for (const id of (await readdir(this.#directory).catch(undefinedIfMissing)) ?? []) {
      const upload = await this.#read(id);
      if (upload?.bucket === bucket) found.push({ id, ...upload });
    }
    return found.sort((a, b) => Buffer.compare(sortKeyOf(a), sortKeyOf(b)));
  }

  async #read(id: string): Promise<UploadDescription | undefined> {
    if (!UPLOAD_ID.test(id)) return undefined;
    const text = await readFile(join(this.#directory, id, 'upload.json'), 'utf8').catch(undefinedIfMissing);
    return text === undefined ? undefined : (JSON.parse(text) as UploadDescription);
  }

  #partPath(id: string, number: number): string {
    return join(this.#directory, id, `part-${String(number).padStart(5, '0')}`);
  }
}

const sortKeyOf = ({ key, id }: { key: string; id: string }): Buffer => Buffer.from(`${key}\0${id}`);
