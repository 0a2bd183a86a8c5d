/**
 * `x-amz-*` headers in the query of a presigned URL, where the signature covers them. They have the meaning of the headers (Amazon
 * S3 API Reference, "Authenticating Requests: Using Query Parameters"). AWS SDKs use them for metadata, storage class and encryption.
 */
import { Failure } from '../domain/failure.ts';
import type { Incoming } from '../domain/stages.ts';
import { isHeaderInQuery } from './query-parameters.ts';

type Query = Incoming['query'];

export interface WithQueryHeaders {
  readonly headers: Incoming['headers'];
  /** The remaining parameters. */
  readonly query: Query;
}

/** RFC 9110, sections 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/** Moves headers from the query of a presigned URL to the headers. @throws Failure invalid_argument for an invalid or contradicting header. */
export function applyQueryHeaders({ headers, query }: Pick<Incoming, 'headers' | 'query'>): WithQueryHeaders {
  if (!query.some(([name]) => /^x-amz-signature$/i.test(name))) return { headers, query };
  const inQuery = query.filter(([name]) => isHeaderInQuery(name));
  if (inQuery.length === 0) return { headers, query };
  const all: Record<string, string> = { ...headers };
  for (const [parameter, value] of inQuery) {
    const name = parameter.toLowerCase();
    const header = headerValue(name, value);
    if (all[name] !== undefined && all[name] !== header)
      throw new Failure(
        'invalid_argument',
        `The header ${name.slice(0, 80)} has different values in the headers and in the query.`,
      );
    all[name] = header;
  }
  return { headers: all, query: query.filter(([name]) => !isHeaderInQuery(name)) };
}

/** One character for each UTF-8 byte, as in headers. */
function headerValue(name: string, value: string): string {
  if (HEADER_NAME.test(name) && !CONTROL.test(value)) return Buffer.from(value).toString('latin1');
  throw new Failure('invalid_argument', 'A header in the query has an invalid name or value.');
}
