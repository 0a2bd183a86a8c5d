/**
 * Reads a POST form (RFC 7578) up to its file, and provides the file as a body. A small file is read at once. A large file is
 * streamed; its exact length is unknown, because fields may follow it.
 */

import { Readable } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { Pace } from '../domain/pace.ts';
import type { Incoming, IncomingBody, UploadForm } from '../domain/stages.ts';
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import { type Boundary, boundaryOf } from './boundary.ts';
import { expandFileName } from './expand-file-name.ts';
import { FieldsParser } from './fields-parser.ts';
import { FileStream } from './file-stream.ts';
import { headersOfFields } from './form-headers.ts';
import { checkTail, MAX_TAIL } from './form-tail.ts';
import { type ReadLimits, readUntil } from './read-until.ts';
import { formRefused } from './refusals.ts';

export interface Form extends UploadForm {
  /** The fields that describe the object, as request headers of a PUT. */
  readonly headers: Readonly<Record<string, string>>;
  /** With a known length, or with bounds of it. */
  readonly file: IncomingBody;
}

/** Maximum bytes of the rest of a form that is read at once. */
const SMALL_REST = 64 * 1024;
/**
 * Timeout in milliseconds for the bytes that are read before authentication, at most 84 KiB. Without it, an unauthenticated client
 * that sends a byte now and then could hold a connection, memory and a span indefinitely.
 */
const READING_MILLIS = FIXED_LIMITS.form_reading_seconds * 1000;

/**
 * Opens the body, which sends 100 Continue if the client waits for it.
 * @param pace the minimum rate of the client.
 * @param stop aborts reading with its reason.
 * @param readingMillis timeout until the fields are read, and the file if it is small.
 * @throws Failure form_refused, missing_content_length, not_implemented, client_aborted, client_stalled.
 */
export async function readForm(
  { headers, body }: Incoming,
  pace: Pace,
  stop?: AbortSignal,
  readingMillis: number = READING_MILLIS,
): Promise<Form> {
  const boundary = boundaryOf(headers['content-type'] ?? '');
  if (body.length === undefined) throw new Failure('missing_content_length', NO_LENGTH);
  const source = body.open();
  const limits = { pace, stop, until: performance.now() + readingMillis };
  const parser = new FieldsParser(boundary);
  let first: Buffer | undefined;
  await readUntil(source, limits, (bytes) => {
    first = parser.write(bytes);
    return first !== undefined;
  });
  if (first === undefined) throw formRefused('no_end');
  const { fields, fileName } = expandFileName(parser);
  const length = body.length - parser.fileStart;
  const rest = { source, first, length, boundary };
  const isSmall = length <= Math.max(SMALL_REST, first.length);
  const file = isSmall ? await collectFile(rest, limits) : streamFile(rest);
  return { fields, fileName, headers: headersOfFields(fields), file };
}

const NO_LENGTH = 'The form has no declared length. Send Content-Length.';

/** The body after the headers of the file part. */
interface Rest {
  readonly source: Readable;
  readonly first: Buffer;
  /** Total length in bytes, including the closing delimiter. */
  readonly length: number;
  readonly boundary: Boundary;
}

async function collectFile({ source, first, length, boundary }: Rest, limits: ReadLimits): Promise<IncomingBody> {
  const rest = new BoundedBuffer(length);
  rest.add(first);
  const isWhole = (): boolean => rest.length >= length;
  if (!isWhole()) await readUntil(source, limits, (bytes) => !rest.add(bytes) || isWhole());
  source.resume(); // all bytes are read; this lets the source end
  const bytes = extractFile(rest.bytes, boundary);
  return { length: bytes.length, open: () => Readable.from([bytes]), take: untakeable };
}

function extractFile(rest: Buffer, boundary: Boundary): Buffer {
  const { delimiter } = boundary;
  const end = rest.indexOf(delimiter);
  if (end < 0) throw formRefused('no_end');
  checkTail(rest.subarray(end + delimiter.length), boundary);
  return rest.subarray(0, end);
}

/** At least the delimiter and two hyphens follow the file. */
function streamFile({ source, first, length, boundary }: Rest): IncomingBody {
  const { delimiter } = boundary;
  const most = length - delimiter.length - 2;
  const bounds = { least: Math.max(0, length - delimiter.length - MAX_TAIL), most };
  let stream: FileStream | undefined;
  const open = (): Readable => (stream ??= new FileStream(source, first, most, boundary));
  return { length: undefined, bounds, open, take: untakeable };
}

/** A form continues behind its file. */
const untakeable: IncomingBody['take'] = async () => undefined;
