/** A response before it is written, and helpers for XML bodies. */
import type { FileHandle } from 'node:fs/promises';
import { escapeXml } from '../../kit/xml.ts';

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** A sequence of texts has no known length. */
  readonly body: string | FileBody | AsyncIterable<string>;
}

export interface FileBody {
  readonly file: FileHandle;
  readonly start: number;
  /** In bytes. */
  readonly length: number;
}

/** Releases the resources of a reply, written or not. */
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

/** One element with text, or no element for undefined. */
export function element(name: string, text: string | number | boolean | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** Date and time in the XML format of S3. @param time milliseconds since the epoch. */
export function xmlTime(time: number): string {
  return new Date(time).toISOString();
}
