/** The face of a place that verification keys come from: a configured key, or the key set of an identity provider. */
import type { CryptoKey, JWSHeaderParameters, KeyObject } from 'jose';
import type { AuthAttributes } from '../authenticator.ts';

/** Keys that belong together. As long as none was added or removed it is the same object. */
export interface KeySet {
  /**
   * The key for a token with this header.
   * @throws JOSEError where there is none, or more than one.
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey | KeyObject>;
}

export interface KeySource {
  /** Where the keys that `held` gives now come from; undefined for configured ones. */
  readonly origin: AuthAttributes['keySource'];
  /** The keys that may be used now, without waiting; undefined where they have to be fetched first. A call refreshes them in the background. */
  held(): KeySet | undefined;
  /**
   * The same, after a fetch if need be. Tells `attributes.keySource`.
   * @throws Failure keys_unavailable.
   */
  keys(attributes: AuthAttributes): Promise<KeySet>;
  /**
   * Newer keys, after a token named one that is not among them; undefined if there are none.
   * @throws Failure keys_unavailable if that cannot be found out.
   */
  newerKeys(than: KeySet, attributes: AuthAttributes): Promise<KeySet | undefined>;
  /** Ends fetches and frees connections. Safe twice. */
  close(): Promise<void>;
}
