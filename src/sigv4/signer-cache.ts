/**
 * The `Authorization` header is the same up to its signature in all requests of a client on one day, so that part is parsed once.
 * Only requests with a valid signature are cached, and each access key has its own few entries: a client can displace only those.
 */
import { unsliced } from '../kit/unsliced.ts';
import type { Signer } from './claim.ts';

/** The form that signers write. Others are valid, too, and parsed each time. */
const START = 'AWS4-HMAC-SHA256 Credential=';
const END = ' Signature=';
const SIGNATURE = /^[0-9a-f]{64}$/;
const SIGNATURE_LENGTH = 64;

/** Most characters of a cached text, entries of an access key, and access keys. */
const LONGEST = 1024;
const PER_KEY = 4;
const KEYS = 2_000;

interface Entry {
  /** The header up to its signature. */
  readonly text: string;
  readonly signer: Signer;
}

export class SignerCache {
  /** By access key, the newest entry first. Access keys that are equal up to a slash share their entries. */
  readonly #entries = new Map<string, readonly Entry[]>();

  find(authorization: string): Signer | undefined {
    const stated = textOf(authorization);
    const entry = this.#entries.get(accessKeyOf(authorization))?.find(({ text }) => text === stated);
    return entry !== undefined && SIGNATURE.test(signatureOf(authorization)) ? entry.signer : undefined;
  }

  /** @param authorization the header of a verified request. */
  add(authorization: string, { accessKey, scope, signedHeaders }: Signer): void {
    if (this.find(authorization) !== undefined) return;
    const text = unsliced(textOf(authorization)); // a flat text takes a fifth of the time to compare
    if (text.length > LONGEST || !text.startsWith(START) || !text.endsWith(END)) return;
    const key = accessKeyOf(text);
    const others = this.#entries.get(key) ?? [];
    if (this.#entries.size >= KEYS) this.#entries.clear();
    const entry = { text, signer: { accessKey, scope, signedHeaders } };
    this.#entries.set(key, [entry, ...others].slice(0, PER_KEY));
  }
}

/** Of a header in the form that is cached. */
export const signatureOf = (authorization: string): string => authorization.slice(-SIGNATURE_LENGTH);

const textOf = (authorization: string): string => authorization.slice(0, -SIGNATURE_LENGTH);
const accessKeyOf = (text: string): string => text.slice(START.length, text.indexOf('/', START.length));
