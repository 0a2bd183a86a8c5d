/** Reads XML request bodies: a root with records of text fields, such as `CompleteMultipartUpload/Part` and `Delete/Object`. */
import { SaxesParser } from 'saxes';
import { S3Error } from './s3-error.ts';

export interface Records {
  /** Text of the elements next to the records. */
  readonly fields: ReadonlyMap<string, string>;
  readonly records: readonly ReadonlyMap<string, string>[];
}

/** @throws S3Error MalformedXML. */
export function readRecords(document: Buffer, root: string, record: string, limit: number): Records {
  const reader = new RecordReader(root, record, limit);
  const parser = new SaxesParser();
  parser.on('error', (error) => malformed(error.message));
  parser.on('doctype', () => malformed('a document type is not allowed'));
  parser.on('opentag', (tag) => reader.open(tag.name.replace(/^.*:/, '')));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  parser.write(document.toString('utf8')).close();
  return reader;
}

class RecordReader implements Records {
  readonly fields = new Map<string, string>();
  readonly records: Map<string, string>[] = [];
  readonly #root: string;
  readonly #record: string;
  readonly #limit: number;
  readonly #path: string[] = [];
  #text = '';

  constructor(root: string, record: string, limit: number) {
    this.#root = root;
    this.#record = record;
    this.#limit = limit;
  }

  open(name: string): void {
    this.#path.push(name);
    this.#text = '';
    if (this.#path.length === 1 && name !== this.#root) malformed(`its root is not ${this.#root}`);
    if (this.#path.length > 3) malformed('it is nested too deeply');
    if (this.#path.length !== 2 || name !== this.#record) return;
    if (this.records.length >= this.#limit) malformed(`it has more than ${this.#limit} elements ${name}`);
    this.records.push(new Map());
  }

  text(text: string): void {
    this.#text += text;
  }

  close(): void {
    const name = this.#path.pop() as string;
    if (this.#path.length === 2 && this.#path[1] === this.#record) this.records.at(-1)?.set(name, this.#text);
    if (this.#path.length === 1 && name !== this.#record) this.fields.set(name, this.#text);
    this.#text = '';
  }
}

function malformed(reason: string): never {
  throw new S3Error('MalformedXML', `The document is invalid: ${reason}.`);
}
