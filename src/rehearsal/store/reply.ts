/** An answer as a value, before it is written; and the XML that most answers are made of. */
import type { FileHandle } from 'node:fs/promises';
import { escapeXml } from '../../kit/xml.ts';

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces of text have no length beforehand. */
  readonly body: string | FileBody | AsyncIterable<string>;
}

export interface FileBody {
  readonly file: FileHandle;
  readonly start: number;
  /** In bytes. */
  readonly length: number;
}

/** Lets go of what a reply holds, whether it was written or not. */
export async function closeReply({ body }: Reply): Promise<void> {
  if (typeof body !== 'string' && 'file' in body) await body.file.close();
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function emptyReply(status: number, headers: Reply['headers'] = {}): Reply {
  return { status, headers, body: '' };
}

/** @param content the elements inside the root, already XML. */
export function xmlReply(root: string, content: string, headers: Reply['headers'] = {}): Reply {
  const body = `${XML_DECLARATION}<${root} xmlns="${NAMESPACE}">${content}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** One element with text, or none where there is nothing to say. */
export function element(name: string, text: string | number | boolean | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** Date and time as S3 writes them in XML. @param time milliseconds since the epoch. */
export function xmlTime(time: number): string {
  return new Date(time).toISOString();
}
