/** The document that completes a multipart upload, parsed strictly: the forwarded document is well formed and valid for S3. */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { escapeXml } from '../kit/xml.ts';

export const MAX_COMPLETE_DOCUMENT = FIXED_LIMITS.completion_document_bytes;
const MAX_PARTS = 10_000;
/** Most bytes between two tags. The parser holds text, names and attributes until the next tag, at up to 32 bytes for each of theirs. */
const MAX_BETWEEN_TAGS = FIXED_LIMITS.completion_text_bytes;
/** Bytes that the parser gets at once. */
const SLICE_BYTES = 4 * 1024;
const PART_NUMBER = /^[1-9]\d{0,4}$/;

/** Reads the document as it arrives. @throws Failure malformed_xml, with the reason, as soon as it is known. */
export class PartList {
  readonly #reader: PartReader;
  readonly #parser = new SaxesParser();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #sinceTag = 0;

  /** @param checksumElement name of the elements of parts whose text is wanted as well, such as `ChecksumSHA256`. */
  constructor(checksumElement?: string) {
    const reader = new PartReader(checksumElement);
    this.#reader = reader;
    this.#parser.on('error', (error) => refuse(error.message));
    this.#parser.on('doctype', () => refuse('a document type is not allowed'));
    this.#parser.on('opentag', (tag) => {
      this.#sinceTag = 0;
      reader.open(tag.name);
    });
    this.#parser.on('text', (text) => reader.text(text));
    this.#parser.on('cdata', (text) => reader.text(text));
    this.#parser.on('closetag', () => {
      this.#sinceTag = 0;
      reader.close();
    });
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      this.#sinceTag += slice.length;
      this.#parser.write(this.#decode(slice));
      if (this.#sinceTag > MAX_BETWEEN_TAGS) refuse('more than 8 KiB are between two of its tags');
    }
  }

  /** @returns the ETags of the parts that the document lists, in its order. */
  end(): readonly string[] {
    this.#parser.write(this.#decode()).close();
    if (this.#reader.etags.length === 0) refuse('it lists no part');
    return this.#reader.etags;
  }

  /** Checksums of the parts, in the order of the document; fewer than parts where some have none. */
  get checksums(): readonly string[] {
    return this.#reader.checksums;
  }

  /** The same list, written anew with what S3 needs of each part. */
  withoutChecksums(): Buffer {
    const { numbers, etags } = this.#reader;
    const parts = etags.map((etag, i) => {
      const tag = escapeXml(etag.trim());
      return `<Part><PartNumber>${numbers[i]}</PartNumber><ETag>${tag}</ETag></Part>`;
    });
    const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
    return Buffer.from(`<CompleteMultipartUpload xmlns="${xmlns}">${parts.join('')}</CompleteMultipartUpload>`);
  }

  /** Without bytes, at the end: half a character is then an error. */
  #decode(bytes?: Buffer): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      return refuse('it is not UTF-8');
    }
  }
}

class PartReader {
  readonly etags: string[] = [];
  readonly numbers: number[] = [];
  readonly checksums: string[] = [];
  readonly #checksumElement: string | undefined;
  readonly #path: string[] = [];
  #partNumber = '';
  #etag = '';
  #checksum = '';

  constructor(checksumElement: string | undefined) {
    this.#checksumElement = checksumElement;
  }

  open(name: string): void {
    const local = name.replace(/^.*:/, '');
    this.#path.push(local);
    const depth = this.#path.length;
    if (depth === 1 && local !== 'CompleteMultipartUpload') refuse('its root is not CompleteMultipartUpload');
    if (depth === 2 && local !== 'Part') refuse('it may contain Part elements only');
    if (depth > 3) refuse('it is nested too deeply');
    if (depth === 2) [this.#partNumber, this.#etag, this.#checksum] = ['', '', ''];
  }

  text(text: string): void {
    if (this.#path.length !== 3) return;
    if (this.#path[2] === 'PartNumber') this.#partNumber += text;
    if (this.#path[2] === 'ETag') this.#etag += text;
    if (this.#path[2] === this.#checksumElement) this.#checksum += text;
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
    this.numbers.push(Number(this.#partNumber));
    if (this.#checksum !== '') this.checksums.push(this.#checksum.trim());
    if (this.etags.push(this.#etag) > MAX_PARTS) refuse('it lists more than 10000 parts');
  }
}

function refuse(reason: string): never {
  throw new Failure('malformed_xml', `The CompleteMultipartUpload document was refused: ${reason.slice(0, 200)}.`);
}
