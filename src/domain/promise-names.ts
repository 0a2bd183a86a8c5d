/** The promises that a client can make in headers about the bytes of a body, by the names of the setting `s3.verifies`. */
import { CHECKSUMS } from './checksums.ts';

const CHECKSUM_NAMES = Object.keys(CHECKSUMS) as (keyof typeof CHECKSUMS)[];

/** Promises that every store gets, whatever it does with checksums: a header of HTTP, and the hash in the signature. */
export const PLAIN_PROMISES = ['content-md5', 'x-amz-content-sha256'] as const;

export type PromiseName = keyof typeof CHECKSUMS | (typeof PLAIN_PROMISES)[number];

/** A checksum has the name of its algorithm, another promise that of its header. */
export const PROMISE_NAMES: readonly PromiseName[] = [...CHECKSUM_NAMES, ...PLAIN_PROMISES];

/** The lower-case name of the header. */
export function headerOfPromise(name: PromiseName): string {
  return Object.hasOwn(CHECKSUMS, name) ? `x-amz-checksum-${name}` : name;
}

const BY_HEADER = new Map(PROMISE_NAMES.map((name) => [headerOfPromise(name), name]));

/** The promise that a header of this lower-case name makes; undefined if it makes none. */
export function promiseOfHeader(header: string): PromiseName | undefined {
  return BY_HEADER.get(header);
}
