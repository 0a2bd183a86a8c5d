/**
 * Object keys and upload IDs as the view shows them. Keys are personal data in many buckets, so that they are hashes by default:
 * equal for equal keys, with the key of the other pseudonyms, so that all gateways of a fleet show the same.
 */
import { pseudonym } from '../auth/pseudonyms.ts';
import { withoutCredentials } from '../kit/without-credentials.ts';
import { keyTexts } from './key-text.ts';

export class ShownKeys {
  readonly #secret: Buffer;
  /** Whether keys are shown as they are: `admin.show_keys`. */
  readonly plain: boolean;

  constructor(secret: Buffer, plain: boolean) {
    this.#secret = secret;
    this.plain = plain;
  }

  /** The key, or `#` and 16 hex digits. */
  key(key: string): string {
    return this.plain ? withoutCredentials(key) : `#${pseudonym(this.#secret, 'object', key)}`;
  }

  /** The same for all requests of one multipart upload: a hash, because an upload ID gives access to the upload. */
  upload(uploadId: string): string {
    return pseudonym(this.#secret, 'upload', uploadId);
  }

  /** The value of `user.hash` for a subject. */
  caller(subject: string): string {
    return pseudonym(this.#secret, 'subject', subject);
  }

  /** The text without credentials, and with the key as it is shown. @param key that it may contain. */
  text(text: string, key: string | undefined): string {
    const clean = withoutCredentials(text);
    if (this.plain || key === undefined || key === '') return clean;
    return keyTexts(key).reduce((shown, each) => each.replaceIn(shown, this.key(key)), clean);
  }
}
