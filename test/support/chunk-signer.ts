/**
 * Signs chunks and trailers as Amazon documents it, written apart from what verifies them; AWS's own example is its test.
 * Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
 */
import { createHash, createHmac } from 'node:crypto';

/** What the signature of the head gives to those of the chunks. */
export interface Seed {
  readonly secretKey: string;
  /** `YYYYMMDD'T'HHMMSS'Z'`. */
  readonly date: string;
  readonly region: string;
  readonly signature: string;
}

/** @param headers of a request signed in its headers, lower-case names. */
export function seedOf(headers: Readonly<Record<string, string>>, secretKey: string): Seed {
  const match = /Credential=[^/]+\/\d{8}\/([^/]+)\/.*Signature=([0-9a-f]{64})/.exec(headers.authorization ?? '');
  if (match === null) throw new Error('the request is not signed');
  return { secretKey, date: headers['x-amz-date']!, region: match[1]!, signature: match[2]! };
}

const EMPTY = createHash('sha256').digest('hex');

/**
 * @param trailer `name:value`, if there is one; several with LF between them.
 * @returns one frame a chunk, and the final one with all that follows it.
 */
export function signedFrames(seed: Seed, chunks: readonly Buffer[], trailer?: string): Buffer[] {
  const day = seed.date.slice(0, 8);
  const steps = [day, seed.region, 's3', 'aws4_request'];
  const key = steps.reduce<string | Buffer>((hmac, step) => hmacOf(hmac, step), `AWS4${seed.secretKey}`);
  let previous = seed.signature;
  const sign = (kind: string, ...hashes: string[]): string => {
    const lines = [`AWS4-HMAC-SHA256-${kind}`, seed.date, steps.join('/'), previous, ...hashes];
    previous = hmacOf(key, lines.join('\n')).toString('hex');
    return previous;
  };
  const frames = chunks.map((chunk) => {
    const line = `${chunk.length.toString(16)};chunk-signature=${sign('PAYLOAD', EMPTY, sha256(chunk))}\r\n`;
    return Buffer.concat([Buffer.from(line), chunk, Buffer.from('\r\n')]);
  });
  let last = `0;chunk-signature=${sign('PAYLOAD', EMPTY, EMPTY)}\r\n`;
  if (trailer !== undefined) {
    last += `${trailer.replaceAll('\n', '\r\n')}\r\nx-amz-trailer-signature:${sign('TRAILER', sha256(`${trailer}\n`))}\r\n`;
  }
  return [...frames, Buffer.from(`${last}\r\n`)];
}

/** The body in chunks of this size, the last one smaller. */
export function chunksOf(body: Buffer, size = 64 * 1024): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) chunks.push(body.subarray(at, at + size));
  return chunks;
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const hmacOf = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
