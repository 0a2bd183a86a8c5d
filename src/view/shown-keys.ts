/**
 * Object keys and upload IDs as the view shows them. Keys are personal data in many buckets, so that they are hashes by default:
 * equal for equal keys, with the key of the other pseudonyms, so that all gateways of a fleet show the same.
 */
import { pseudonym } from '../auth/pseudonyms.ts';
import { KeyText } from './key-text.ts';

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
    return this.plain ? key : `#${pseudonym(this.#secret, 'object', key)}`;
  }

  /** The same for all requests of one multipart upload: a hash, because an upload ID gives access to the upload. */
  upload(uploadId: string): string {
    return pseudonym(this.#secret, 'upload', uploadId);
  }

  /** The value of `user.hash` for a subject. */
  caller(subject: string): string {
    return pseudonym(this.#secret, 'subject', subject);
  }

  /** The text as it may be shown. @param key that it may contain. */
  text(text: string, key: string | undefined): string {
    if (this.plain || key === undefined || key === '') return text;
    return new KeyText(key).replaceIn(text, this.key(key));
  }
}
