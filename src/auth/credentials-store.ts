/** The access keys of one bucket, in memory and nowhere else: whose they are, and what signs with them. */
import { SigningKeys } from '../sigv4/signing-key.ts';

export interface StoredCredentials {
  readonly keys: SigningKeys;
  /** Whose key it is; undefined where the session token says so. */
  readonly subject: string | undefined;
  /** Whether a JWT comes along as session token, and counts. */
  readonly token: boolean;
}

export interface CredentialsStore {
  find(accessKey: string): StoredCredentials | undefined;
}

export interface KeyEntry {
  readonly access_key: string;
  readonly secret_key: string;
  readonly subject: string;
}

/** A key credentials whose keys can be exchanged while requests are served. */
export class ReloadableCredentials implements CredentialsStore {
  #keys: ReadonlyMap<string, StoredCredentials>;
  readonly #tokenKey: Pick<KeyEntry, 'access_key' | 'secret_key'> | undefined;

  /** @param tokenKey what clients sign with that carry a JWT as session token. */
  constructor(entries: readonly KeyEntry[], tokenKey?: Pick<KeyEntry, 'access_key' | 'secret_key'>) {
    this.#tokenKey = tokenKey;
    this.#keys = this.#index(entries);
  }

  find(accessKey: string): StoredCredentials | undefined {
    return this.#keys.get(accessKey);
  }

  /** From now on these keys count, and no others. */
  replace(entries: readonly KeyEntry[]): void {
    this.#keys = this.#index(entries);
  }

  #index(entries: readonly KeyEntry[]): ReadonlyMap<string, StoredCredentials> {
    const keys = new Map<string, StoredCredentials>();
    for (const { access_key, secret_key, subject } of entries)
      keys.set(access_key, { keys: new SigningKeys(secret_key), subject, token: false });
    // The last word: a reloaded file must not turn the key that everybody knows into somebody's own.
    if (this.#tokenKey !== undefined) {
      const { access_key, secret_key } = this.#tokenKey;
      keys.set(access_key, { keys: new SigningKeys(secret_key), subject: undefined, token: true });
    }
    return keys;
  }
}
