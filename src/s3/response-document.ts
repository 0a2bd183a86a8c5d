/** The document of a response as it arrives: bounded, decoded, and without the white space that keeps the connection open. */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { UndecodableContent } from '../kit/decode-content.ts';
import { ResponseBody } from '../kit/response-body.ts';

/**
 * CompleteMultipartUpload sends white space for minutes to keep the connection open: ahead of the document, or after the XML
 * declaration, as MinIO does. A line end after the declaration does not mean yet that the document will take long.
 */
const BLANK = /^\s*(<\?xml[^>]*\?>\s*)?$/;
const WAITING = /^\s*<\?xml[^>]*\?>(?!\r?\n$)\s+$/;
/** Most bytes of all that. */
const LONGEST_DECLARATION = 200;

/** The largest document that is read, in bytes: a ListParts page of 1,000 parts has a fifth of it. */
const LARGEST = FIXED_LIMITS.store_response_bytes;

export class ResponseDocument {
  readonly #body = new ResponseBody(LARGEST);

  /**
   * @param codings value of Content-Encoding.
   * @returns whether the bytes are white space, and the store is still working.
   * @throws Failure store_invalid_answer if the document is too large.
   */
  add(bytes: Buffer, codings: string | undefined): boolean {
    const mayWait = this.#body.length <= LONGEST_DECLARATION && codings === undefined;
    // There may be much white space, so it is not kept, not even that after a declaration.
    if (mayWait && isWhiteSpace(bytes) && BLANK.test(this.#start)) return true;
    if (!this.#body.add(bytes)) throw tooLarge();
    return mayWait && WAITING.test(this.#start);
  }

  /** @throws Failure store_invalid_answer */
  text(codings: string | undefined): string {
    try {
      return this.#body.text(codings).trimStart();
    } catch (thrown) {
      throw undecodable(thrown as UndecodableContent);
    }
  }

  /** Long enough for a declaration. */
  get #start(): string {
    return this.#body.start(LONGEST_DECLARATION + 1);
  }
}

const tooLarge = (): Failure => new Failure('store_invalid_answer', "The store's response is too large.");

function undecodable({ isTooLarge, message }: UndecodableContent): Failure {
  if (isTooLarge) return tooLarge();
  return new Failure('store_invalid_answer', undefined, { detail: `Of its body: ${message}.` });
}

function isWhiteSpace(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
