/**
 * Subjects and keys in telemetry: keyed hashes, equal for equal subjects, which do not identify a person. The key comes from the
 * configuration, so that all gateways of a fleet, and they only, create the same hashes.
 */
import { createHmac } from 'node:crypto';
import type { Span } from '../domain/span.ts';

export type SubjectForm = 'hash' | 'plain' | 'off';

/** Hex digits of a hash: enough that two of a million users share one in less than one case of 30,000. */
const DIGITS = 16;
const REMEMBERED = 10_000;

/** @param kind of the text: equal texts of different kinds have different hashes. */
export function pseudonym(key: Buffer, kind: string, text: string): string {
  return createHmac('sha256', key).update(`${kind}\0${text}`).digest('hex').slice(0, DIGITS);
}

export class Pseudonyms {
  readonly #key: Buffer;
  readonly #form: SubjectForm;
  readonly #known = new Map<string, string>();

  constructor(key: Buffer, form: SubjectForm) {
    this.#key = key;
    this.#form = form;
  }

  /** Sets `user.hash` or `user.id`, as configured (OTel semantic conventions, "User attributes"). */
  showSubject(span: Span, subject: string | undefined): void {
    if (subject === undefined || this.#form === 'off' || !span.recording) return;
    if (this.#form === 'plain') span.set('user.id', subject);
    else span.set('user.hash', this.#hash('subject', subject));
  }

  showKey(span: Span, keyId: string | undefined): void {
    if (keyId !== undefined && span.recording) span.set('auth.key_id_hash', this.#hash('key', keyId));
  }

  #hash(kind: string, text: string): string {
    const name = `${kind}\0${text}`;
    let hash = this.#known.get(name);
    if (hash === undefined) {
      hash = pseudonym(this.#key, kind, text);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(name, hash);
    }
    return hash;
  }
}
