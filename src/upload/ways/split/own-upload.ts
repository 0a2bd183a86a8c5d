/** Failures of the multipart upload that the gateway created for one object: its id, parts and document are not the client's. */
import { Failure } from '../../../domain/failure.ts';

const CODES = new Set([
  'EntityTooSmall',
  'InvalidPart',
  'InvalidPartNumber',
  'InvalidPartOrder',
  'MalformedXML',
  'NoSuchUpload',
]);

/** The failure for the client, who uploaded one object. */
export function ofOwnUpload(failure: Failure): Failure {
  if (!CODES.has(failure.code)) return failure;
  const { code: reason, headers, detail } = failure;
  const message = 'The store failed to build the object from its parts. Retry the request.';
  return new Failure('store_error', message, {
    code: 'BadGateway',
    status: 502,
    reason,
    headers,
    detail,
    cause: failure,
  });
}

/** The gateway has verified the checksum of the whole object. @throws Failure */
export function verifiedHere(thrown: unknown): never {
  if (!(thrown instanceof Failure) || thrown.type !== 'checksum_mismatch') throw thrown;
  const { headers, detail } = thrown;
  throw new Failure('store_received_other_bytes', undefined, { headers, detail, cause: thrown });
}
