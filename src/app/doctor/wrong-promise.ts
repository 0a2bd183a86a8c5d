/** Promises about bytes that are wrong: well formed, so that only a store that verifies them refuses the bytes. */
import { CHECKSUMS } from '../../domain/checksums.ts';
import { headerOfPromise, type PromiseName } from '../../domain/promise-names.ts';

export interface WrongPromise {
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
}

/** The promise of no bytes that `doctor` sends. */
export function wrongPromise(name: PromiseName): WrongPromise {
  if (name === 'x-amz-content-sha256') return { headers: {}, payloadHash: hashOfSize(32).toString('hex') };
  const value = hashOfSize(name === 'content-md5' ? 16 : sizeOf(CHECKSUMS[name].encodedLength));
  return { headers: { [headerOfPromise(name)]: value.toString('base64') }, payloadHash: 'UNSIGNED-PAYLOAD' };
}

const hashOfSize = (bytes: number): Buffer => Buffer.alloc(bytes, 1);

/** Every checksum has a whole number of 32-bit words; base64 pads it to three bytes for four characters. */
const sizeOf = (encodedLength: number): number => Math.floor((encodedLength * 3) / 16) * 4;
