/** The access keys of one bucket, in memory only: their owners and signing keys. */
import { SigningKeys } from '../sigv4/signing-key.ts';

export interface StoredCredentials {
  readonly keys: SigningKeys;
  /** Owner of the key; undefined if the session token names the subject. */
  readonly subject: string | undefined;
  /** Whether a JWT as session token is required. */
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

/** A store whose keys can be replaced while requests are served. */
export class ReloadableCredentials implements CredentialsStore {
  #keys: ReadonlyMap<string, StoredCredentials>;
  readonly #tokenKey: Pick<KeyEntry, 'access_key' | 'secret_key'> | undefined;

  /** @param tokenKey the key of clients that carry a JWT as session token. */
  constructor(entries: readonly KeyEntry[], tokenKey?: Pick<KeyEntry, 'access_key' | 'secret_key'>) {
    this.#tokenKey = tokenKey;
    this.#keys = this.#index(entries);
  }

  find(accessKey: string): StoredCredentials | undefined {
    return this.#keys.get(accessKey);
  }

  /** From now on only these keys are valid. */
  replace(entries: readonly KeyEntry[]): void {
    this.#keys = this.#index(entries);
  }

  #index(entries: readonly KeyEntry[]): ReadonlyMap<string, StoredCredentials> {
    const keys = new Map<string, StoredCredentials>();
    for (const { access_key, secret_key, subject } of entries)
      keys.set(access_key, { keys: new SigningKeys(secret_key), subject, token: false });
    // Last, so that a reloaded file cannot turn the shared key into the key of one subject.
    if (this.#tokenKey !== undefined) {
      const { access_key, secret_key } = this.#tokenKey;
      keys.set(access_key, { keys: new SigningKeys(secret_key), subject: undefined, token: true });
    }
    return keys;
  }
}
