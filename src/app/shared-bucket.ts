/** An opened bucket. All generations of the configuration share it in which it is the same: its connections and caches stay. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BucketConfig } from '../config/bucket.ts';
import { watchStore } from '../metrics/store-metrics.ts';
import { openAuth } from './bucket/auth.ts';
import { openAuthz } from './bucket/authz.ts';
import { openStore } from './bucket/store.ts';
import type { BucketParts } from './buckets.ts';
import type { AppContext } from './context.ts';
import { Lifetime } from './lifetime.ts';
import type { World } from './world.ts';

export class SharedBucket {
  readonly parts: BucketParts;
  readonly lifetime: Lifetime;
  /** A hash of its configuration and of the files that are read once. */
  readonly mark: string;
  #users = 0;

  private constructor(parts: BucketParts, lifetime: Lifetime, mark: string) {
    this.parts = parts;
    this.lifetime = lifetime;
    this.mark = mark;
  }

  /** @throws Error that names the bucket, if a part of it cannot be opened. */
  static async open(config: BucketConfig, mark: string, world: World): Promise<SharedBucket> {
    const { context, registry, reloaded } = world;
    const lifetime = new Lifetime(context.log);
    lifetime.observeReloads(reloaded);
    try {
      const store = await openStore(config, lifetime, context);
      lifetime.onClose(watchStore(registry, config.name, store));
      const authenticators = (await openAuth(config, lifetime, context))?.authenticators;
      const authorizers = openAuthz(config.authz, config.name, lifetime, context);
      return new SharedBucket({ store, authenticators, authorizers }, lifetime, mark);
    } catch (error) {
      await lifetime.close();
      throw error;
    }
  }

  use(): this {
    this.#users++;
    return this;
  }

  /** Closes it after its last user. */
  async release(): Promise<void> {
    if (--this.#users === 0) await this.lifetime.close();
  }
}

/** A hash, because the configuration contains secrets. Files of access keys are not part of it: they are replaced in place. */
export async function markOf(config: BucketConfig, { directory }: Pick<AppContext, 'directory'>): Promise<string> {
  const { s3, auth } = config;
  const providers = auth.jwt === undefined ? [] : (auth.jwt.providers ?? [auth.jwt]);
  const files = [s3.ca_file, ...providers.map(({ public_key_file }) => public_key_file)];
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const file of files) {
    if (file === undefined) continue;
    // Opening the bucket reports a missing file.
    const content = await readFile(resolve(directory, file)).catch(() => Buffer.alloc(0));
    hash.update(`\0${content.length}\0`).update(content);
  }
  return hash.digest('base64');
}
