/** What a bucket's operator has decided about the headers of its objects, on top of the allow-list. */
import { Failure } from '../domain/failure.ts';

export interface HeaderRules {
  /** Lower-case names of headers that would pass, and may not be used. */
  readonly refused: ReadonlySet<string>;
  /** Lower-case names of headers that would be refused, and pass. */
  readonly allowed: ReadonlySet<string>;
  /** What every object is stored with, by lower-case name. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Whether checksums of clients end here, for a store that refuses them. */
  readonly dropsChecksums: boolean;
}

/** Headers of a checksum, value or algorithm. */
const CHECKSUM = /^x-amz-(sdk-)?checksum-/;

/** The document of a completion is written anew without its checksums, so that its Content-MD5 goes, too. */
export function dropChecksums(headers: Record<string, string>, isCompletion: boolean): void {
  for (const name in headers) {
    if (CHECKSUM.test(name) || (isCompletion && name === 'content-md5')) delete headers[name];
  }
}

/** @throws Failure access_denied if the client requests another value than the fixed one. */
export function applyFixed(headers: Record<string, string>, { fixed }: HeaderRules): void {
  for (const [name, value] of Object.entries(fixed)) {
    if (headers[name] !== undefined && headers[name] !== value) throw notForClients(name);
    headers[name] = value;
  }
}

export function notForClients(name: string): Failure {
  return new Failure('access_denied', `The header ${name} is not for clients of this bucket to choose.`, {
    reason: 'header_refused',
  });
}
