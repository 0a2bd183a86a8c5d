/** What the headers promise of a document: we sign what arrived, so it must be what the client hashed. */
import { createHash } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import type { Authorized } from '../domain/stages.ts';

/** @throws Failure checksum_mismatch; not_implemented for chunks, which would be verified nowhere. */
export function verifyDocument({ payload, incoming }: Authorized, document: Buffer): void {
  if (payload.hash.startsWith('STREAMING-')) {
    throw new Failure('not_implemented', 'The document of this operation cannot come in chunks.');
  }
  if (/^[0-9a-f]{64}$/.test(payload.hash) && digest('sha256', document, 'hex') !== payload.hash) {
    throw mismatch('x-amz-content-sha256', 'XAmzContentSHA256Mismatch');
  }
  const md5 = incoming.headers['content-md5'];
  if (md5 !== undefined && digest('md5', document, 'base64') !== md5) throw mismatch('Content-MD5', 'BadDigest');
}

function digest(algorithm: string, document: Buffer, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(document).digest(encoding);
}

function mismatch(header: string, code: string): Failure {
  return new Failure('checksum_mismatch', `${header} does not match the document that arrived.`, { code });
}
