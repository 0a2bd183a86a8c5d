/** The document that completes a multipart upload, read strictly: what is forwarded is well formed and says what S3 takes. */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';

/** Largest document in bytes: 10,000 parts with their checksums have less. */
export const MAX_COMPLETE_DOCUMENT = 2 * 1024 * 1024;
const MAX_PARTS = 10_000;
const PART_NUMBER = /^[1-9]\d{0,4}$/;

/**
 * @returns the ETags of the parts that the document lists, in its order.
 * @throws Failure malformed_xml, with the reason.
 */
export function readPartList(document: Buffer): readonly string[] {
  const reader = new PartReader();
  const parser = new SaxesParser();
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('a document type is not allowed'));
  parser.on('opentag', (tag) => reader.open(tag.name));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  parser.write(decode(document)).close();
  if (reader.etags.length === 0) refuse('it lists no part');
  return reader.etags;
}

class PartReader {
  readonly etags: string[] = [];
  readonly #path: string[] = [];
  #partNumber = '';
  #etag = '';

  open(name: string): void {
    const local = name.replace(/^.*:/, '');
    this.#path.push(local);
    const depth = this.#path.length;
    if (depth === 1 && local !== 'CompleteMultipartUpload') refuse('its root is not CompleteMultipartUpload');
    if (depth === 2 && local !== 'Part') refuse('it may contain Part elements only');
    if (depth > 3) refuse('it is nested too deeply');
    if (depth === 2) [this.#partNumber, this.#etag] = ['', ''];
  }

  text(text: string): void {
    if (this.#path.length !== 3) return;
    if (this.#path[2] === 'PartNumber') this.#partNumber += text;
    if (this.#path[2] === 'ETag') this.#etag += text;
  }

  close(): void {
    if (this.#path.length === 2) this.#closePart();
    this.#path.pop();
  }

  #closePart(): void {
    if (!PART_NUMBER.test(this.#partNumber.trim()) || Number(this.#partNumber) > MAX_PARTS) {
      refuse('a part has no PartNumber from 1 to 10000');
    }
    if (this.#etag.trim() === '') refuse('a part has no ETag');
    if (this.etags.push(this.#etag) > MAX_PARTS) refuse('it lists more than 10000 parts');
  }
}

function decode(document: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(document);
  } catch {
    return refuse('it is not UTF-8');
  }
}

function refuse(reason: string): never {
  throw new Failure('malformed_xml', `The CompleteMultipartUpload document was refused: ${reason.slice(0, 200)}.`);
}
