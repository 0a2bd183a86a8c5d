/**
 * Reads a POST form up to its file (RFC 7578), which then is a body of its own. A small rest is read to its end at once; a
 * large one is streamed, and its length has bounds: fields may follow the file.
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
import { type Patience, readPieces } from './read-until.ts';
import { formRefused } from './refusals.ts';

export interface Form extends UploadForm {
  /** What the fields say of the object, as the headers of a PUT would. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its length is known, or its bounds are. */
  readonly file: IncomingBody;
}

/** Up to this many bytes the rest of a form is read at once. */
const SMALL_REST = 64 * 1024;
/**
 * Milliseconds in which all must have come that is read before anybody is judged, 84 KiB at the most: whoever sends a byte now
 * and then would hold a connection, its memory and a span for as long as he likes, and nobody knows who he is.
 */
const READING_MILLIS = FIXED_LIMITS.form_reading_seconds * 1000;

/**
 * Asks the client for its body.
 * @param pace how slow the client may be.
 * @param stop ends the reading with its reason.
 * @param readingMillis longest time until the file is streamed, or is here.
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
  const patience = { pace, stop, until: performance.now() + readingMillis };
  const parser = new FieldsParser(boundary);
  let first: Buffer | undefined;
  await readPieces(source, patience, (bytes) => {
    first = parser.write(bytes);
    return first !== undefined;
  });
  if (first === undefined) throw formRefused('no_end');
  const { fields, fileName } = expandFileName(parser);
  const length = body.length - parser.fileStart;
  const rest = { source, first, length, boundary };
  const isSmall = length <= Math.max(SMALL_REST, first.length);
  const file = isSmall ? await collectFile(rest, patience) : streamFile(rest);
  return { fields, fileName, headers: headersOfFields(fields), file };
}

const NO_LENGTH = 'The length of the form must be declared: Content-Length.';

/** What comes after the head of the file. */
interface Rest {
  readonly source: Readable;
  readonly first: Buffer;
  /** Of all of it, in bytes, the closing delimiter included. */
  readonly length: number;
  readonly boundary: Boundary;
}

async function collectFile({ source, first, length, boundary }: Rest, patience: Patience): Promise<IncomingBody> {
  const rest = new BoundedBuffer(length);
  rest.add(first);
  const isWhole = (): boolean => rest.length >= length;
  if (!isWhole()) await readPieces(source, patience, (bytes) => !rest.add(bytes) || isWhole());
  source.resume(); // to its end, which is all that is left
  const bytes = cutFile(rest.bytes, boundary);
  return { length: bytes.length, open: () => Readable.from([bytes]) };
}

function cutFile(rest: Buffer, boundary: Boundary): Buffer {
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
  return { length: undefined, bounds, open: () => (stream ??= new FileStream(source, first, most, boundary)) };
}
