/** The interface of a source of verification keys: a configured key, or the key set of an identity provider. */
import type { CryptoKey, JWSHeaderParameters, KeyObject } from 'jose';
import type { Span } from '../../domain/span.ts';
import type { AuthAttributes } from '../authenticator.ts';

/** Keys that belong together. The object stays the same until a key is added or removed. */
export interface KeySet {
  /**
   * The key for a token with this header.
   * @throws JOSEError if there is none, or more than one.
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey | KeyObject>;
}

export interface KeySource {
  /** The origin of the keys of `held`; undefined for configured ones. */
  readonly origin: AuthAttributes['keySource'];
  /** The keys that may be used now, without waiting; undefined if they must be fetched first. A call refreshes them in the background, as a child of the span. */
  held(span?: Span): KeySet | undefined;
  /**
   * The same, after a fetch if need be. Sets `attributes.keySource`.
   * @throws Failure keys_unavailable.
   */
  keys(attributes: AuthAttributes): Promise<KeySet>;
  /**
   * Newer keys, after a token named one that is not among them; undefined if there are none.
   * @throws Failure keys_unavailable if they cannot be fetched.
   */
  newerKeys(than: KeySet, attributes: AuthAttributes): Promise<KeySet | undefined>;
  /** Ends fetches and frees connections. Safe twice. */
  close(): Promise<void>;
}
