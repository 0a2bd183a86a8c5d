/**
 * Decodes the content codings of a response (RFC 9110, section 8.4). Requests accept only `identity`, but some servers and proxies
 * compress anyway. The limit applies to the decoded size, so a small response cannot expand to a large one.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** The unsigned header of every request for a document. */
export const UNCODED = ['accept-encoding', 'identity'] as const;

/** One for the server and one for a proxy in front of it. */
const MOST_CODINGS = 2;

interface Limit {
  /** In bytes. */
  readonly maxOutputLength: number;
}

type Decoder = (bytes: Buffer, limit: Limit) => Buffer;

const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflate,
  br: brotliDecompressSync,
  // RFC 9659, section 3: a window of at most 8 MiB.
  zstd: (bytes, limit) => zstdDecompressSync(bytes, { ...limit, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
};

export class UndecodableContent extends Error {
  override readonly name = 'UndecodableContent';
  /** Whether the decoded size exceeds the limit. */
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false, cause?: unknown) {
    super(message, { cause });
    this.isTooLarge = isTooLarge;
  }
}

/**
 * @param codings value of Content-Encoding; undefined without one.
 * @param limit of the decoded size, in bytes.
 * @throws UndecodableContent
 */
export function decodeContent(bytes: Buffer, codings: string | undefined, limit: number): Buffer {
  if (codings === undefined || bytes.length === 0) return bytes;
  const names = codings.split(',', 8).map((name) => name.trim().toLowerCase());
  const applied = names.filter((name) => name !== '' && name !== 'identity');
  if (applied.length > MOST_CODINGS) throw new UndecodableContent('the response has too many content codings');
  return applied.reduceRight((coded, name) => decodeOne(coded, name, limit), bytes);
}

function decodeOne(bytes: Buffer, name: string, limit: number): Buffer {
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (decoder === undefined) throw new UndecodableContent('the content coding of the response is not supported');
  try {
    return decoder(bytes, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new UndecodableContent(`the response is larger than ${limit} bytes`, true);
    throw new UndecodableContent(`the response is not valid ${name}`, false, cause);
  }
}

/** Some servers send `deflate` without its zlib header (RFC 9110, section 8.4.1.2, note). */
function inflate(bytes: Buffer, limit: Limit): Buffer {
  return (bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, limit) : inflateRawSync(bytes, limit);
}
