/**
 * The store's XML documents for the client: written anew from the elements that the table of responses passes, with the names that
 * the client used. All other elements, such as buckets, accounts and hosts of the store, are dropped.
 */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';
import type { Authorized } from '../domain/stages.ts';
import { escapeXml } from '../kit/xml.ts';
import { CHECKSUM_ELEMENT, PASSED_ELEMENTS, type PassedRoot } from '../s3/store-responses.ts';

/**
 * @param uploadId sealed.
 * @throws Failure store_invalid_answer for any other document.
 */
export function documentForClient(
  xml: string,
  root: PassedRoot,
  request: Authorized,
  uploadId: string | undefined,
): string {
  const ours: Readonly<Record<string, string>> = {
    Bucket: request.bucket.name,
    Key: request.key,
    Location: locationOf(request),
    UploadId: uploadId ?? '',
  };
  const named = PASSED_ELEMENTS[root].ours.map((name) => element(name, ours[name] ?? ''));
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  const passed = new PassedElements(root).read(xml);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlns}">${named.join('')}${passed}</${root}>`;
}

/** The path of the object as this client addresses it. */
function locationOf({ incoming }: Authorized): string {
  return `${incoming.scheme}://${incoming.headers.host ?? ''}${incoming.rawPath}`;
}

const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;

/** Reads a document once and keeps the elements that pass. */
class PassedElements {
  readonly #root: PassedRoot;
  readonly #atRoot: ReadonlySet<string>;
  readonly #ofPart: ReadonlySet<string>;
  readonly #path: string[] = [];
  readonly #pieces: string[] = [];
  #text = '';

  constructor(root: PassedRoot) {
    this.#root = root;
    this.#atRoot = new Set(PASSED_ELEMENTS[root].passed);
    this.#ofPart = new Set(PASSED_ELEMENTS[root].ofPart);
  }

  /** @returns the elements that pass, in their order. @throws Failure store_invalid_answer */
  read(xml: string): string {
    const parser = new SaxesParser();
    parser.on('error', (error) => refuse(error));
    parser.on('doctype', () => refuse());
    parser.on('opentag', ({ name }) => this.#open(name.slice(name.indexOf(':') + 1)));
    parser.on('text', (text) => this.#add(text));
    parser.on('cdata', (text) => this.#add(text));
    parser.on('closetag', () => this.#close());
    parser.write(xml).close();
    return this.#pieces.join('');
  }

  #open(name: string): void {
    if (this.#path.length === 0 && name !== this.#root) refuse();
    this.#path.push(name);
    this.#text = '';
    if (this.#isPart()) this.#pieces.push('<Part>');
  }

  #add(text: string): void {
    if (this.#passes()) this.#text += text;
  }

  #close(): void {
    if (this.#passes()) this.#pieces.push(element(this.#path.at(-1)!, this.#text));
    else if (this.#isPart()) this.#pieces.push('</Part>');
    this.#path.pop();
  }

  #isPart(): boolean {
    return this.#path.length === 2 && this.#path[1] === 'Part' && this.#ofPart.size > 0;
  }

  #passes(): boolean {
    const depth = this.#path.length;
    const name = this.#path.at(-1) ?? '';
    if (depth === 2) return this.#atRoot.has(name) || (this.#ofPart.size === 0 && this.#isChecksum(name));
    return depth === 3 && this.#path[1] === 'Part' && (this.#ofPart.has(name) || this.#isChecksum(name));
  }

  #isChecksum(name: string): boolean {
    return CHECKSUM_ELEMENT.test(name) && this.#root !== 'InitiateMultipartUploadResult';
  }
}

function refuse(cause?: Error): never {
  throw new Failure('store_invalid_answer', undefined, { cause });
}
