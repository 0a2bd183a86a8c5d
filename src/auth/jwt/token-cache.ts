/**
 * Verified tokens, so that a client that sends the same token with each part of a file costs a hash and not a signature. It never
 * holds a token, only its SHA-256. An entry ends with the token, and with the keys that verified it.
 */
import { hash } from 'node:crypto';
import type { Span } from '../../domain/span.ts';
import type { VerifiedToken } from '../token-verifier.ts';
import type { KeySet, KeySource } from './key-source.ts';

export interface CachedToken {
  readonly verified: VerifiedToken;
  readonly keyId: string | undefined;
  readonly source: KeySource;
  /** The keys that verified it. */
  readonly keys: KeySet;
}

export interface TokenCacheOptions {
  /** Maximum number of cached tokens. */
  readonly entries?: number;
  /** Maximum sum of the characters of the tokens; their claims take a few times that in memory. */
  readonly characters?: number;
  /** Maximum age in milliseconds. */
  readonly maxAgeMillis?: number;
}

interface Entry extends CachedToken {
  readonly characters: number;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

export class TokenCache {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  readonly #maxAgeMillis: number;
  #characters = 0;

  constructor({ entries = 10_000, characters = 16 * 1024 * 1024, maxAgeMillis = 3_600_000 }: TokenCacheOptions = {}) {
    this.#maxEntries = entries;
    this.#maxCharacters = characters;
    this.#maxAgeMillis = maxAgeMillis;
  }

  /** Number of cached tokens. */
  get size(): number {
    return this.#entries.size;
  }

  /** @param now in milliseconds since the epoch. @param span of a refresh of the keys. */
  get(token: string, now: number, span?: Span): CachedToken | undefined {
    const name = nameOf(token);
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#remove(name, entry);
    if (now >= entry.endsAt) return undefined;
    const held = entry.source.held(span);
    if (held !== undefined && held !== entry.keys) return undefined;
    this.#add(name, entry);
    return held === undefined ? undefined : entry;
  }

  put(token: string, cached: CachedToken, now: number): void {
    const endsAt = Math.min(cached.verified.expiresAt, now + this.#maxAgeMillis);
    if (now >= endsAt) return;
    const name = nameOf(token);
    const former = this.#entries.get(name);
    if (former !== undefined) this.#remove(name, former);
    this.#add(name, { ...cached, characters: token.length, endsAt });
    this.#evict();
  }

  #add(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
    this.#characters += entry.characters;
  }

  #remove(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#characters -= entry.characters;
  }

  #evict(): void {
    for (const [name, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#characters <= this.#maxCharacters) return;
      this.#remove(name, entry);
    }
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'base64url');
