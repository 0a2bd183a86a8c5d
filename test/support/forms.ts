/** POST forms for tests: encoded by undici, as a browser would, or written by hand where no browser would. */
import { Readable } from 'node:stream';
import type { Incoming } from '../../src/domain/stages.ts';

export interface EncodedForm {
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** @param file undefined for a form without a file. */
export function formOf(
  fields: Readonly<Record<string, string>>,
  file: Buffer | undefined,
  name = 'photo.jpg',
): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  if (file !== undefined) form.append('file', new Blob([new Uint8Array(file)]), name);
  return form;
}

export async function encodeForm(form: FormData): Promise<EncodedForm> {
  const response = new Response(form);
  const contentType = response.headers.get('content-type') ?? '';
  return { contentType, bytes: Buffer.from(await response.arrayBuffer()) };
}

export const BOUNDARY = 'the-boundary';

/** One part of a form written by hand. @param head without the empty line after it. */
export const part = (head: string, value: string): string => `--${BOUNDARY}\r\n${head}\r\n\r\n${value}\r\n`;
export const field = (name: string, value: string): string =>
  part(`Content-Disposition: form-data; name="${name}"`, value);
export const filePart = (content: string, name = 'a.txt'): string =>
  part(`Content-Disposition: form-data; name="file"; filename="${name}"`, content);
export const END = `--${BOUNDARY}--\r\n`;

export function handWritten(...parts: readonly string[]): EncodedForm {
  return { contentType: `multipart/form-data; boundary=${BOUNDARY}`, bytes: Buffer.from(parts.join('')) };
}

/** A request with this form, which comes in these pieces. @param length of the whole body in bytes. */
export function incomingForm(contentType: string, pieces: readonly Buffer[], length?: number): Incoming {
  const total = length ?? pieces.reduce((sum, piece) => sum + piece.length, 0);
  const source = Readable.from(pieces);
  source.pause();
  return {
    headers: { 'content-type': contentType, host: 'gateway' },
    body: { length: total, open: () => source },
  } as unknown as Incoming;
}
