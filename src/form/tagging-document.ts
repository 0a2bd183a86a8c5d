/**
 * Converts the form field `tagging`, an XML document, to the query string of the header `x-amz-tagging` (Amazon S3 API Reference,
 * "POST Object" and "PutObject"). The store checks the number of tags and their characters.
 */
import { SaxesParser } from 'saxes';
import { Failure } from '../domain/failure.ts';

interface Tag {
  Key?: string;
  Value?: string;
}

/** Path of an element → what it may contain. */
const CHILDREN: Readonly<Record<string, RegExp>> = {
  '': /^Tagging$/,
  Tagging: /^TagSet$/,
  'Tagging/TagSet': /^Tag$/,
  'Tagging/TagSet/Tag': /^(Key|Value)$/,
};

/** @returns the value of `x-amz-tagging`: empty without tags. @throws Failure malformed_xml. */
export function tagsOfDocument(document: string): string {
  const reader = new TagReader();
  const parser = new SaxesParser();
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('a document type is not allowed'));
  parser.on('opentag', ({ name }) => reader.open(name.replace(/^.*:/, '')));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  parser.write(document).close();
  return reader.tags.map(encode).join('&');
}

class TagReader {
  readonly tags: Tag[] = [];
  readonly #path: string[] = [];

  open(name: string): void {
    const isKnown = CHILDREN[this.#path.join('/')]?.test(name) ?? false;
    if (!isKnown) refuse('it has elements other than Tagging, TagSet, Tag, Key and Value');
    this.#path.push(name);
    if (name === 'Tag') this.tags.push({});
    if (name === 'Key' || name === 'Value') this.#begin(name);
  }

  text(text: string): void {
    const name = this.#path[3];
    const tag = this.tags.at(-1);
    if (tag !== undefined && (name === 'Key' || name === 'Value')) tag[name] += text;
    else if (text.trim() !== '') refuse('it has text outside of Key and Value');
  }

  close(): void {
    const name = this.#path.pop();
    if (name === 'Tag' && (this.tags.at(-1)?.Key ?? '') === '') refuse('a tag has no Key');
  }

  #begin(name: keyof Tag): void {
    const tag = this.tags.at(-1) as Tag;
    if (tag[name] !== undefined) refuse(`a tag has two elements ${name}`);
    tag[name] = '';
  }
}

function encode({ Key = '', Value = '' }: Tag): string {
  return `${encodeText(Key)}=${encodeText(Value)}`;
}

function encodeText(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return refuse('it has an unpaired surrogate');
  }
}

function refuse(reason: string): never {
  throw new Failure('malformed_xml', `The form field tagging is invalid: ${reason.slice(0, 200)}.`);
}
