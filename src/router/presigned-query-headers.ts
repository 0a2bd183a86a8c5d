/**
 * Who presigns a URL puts `x-amz-*` headers into its query, where the signature covers them: there they mean what the headers
 * mean (Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters"). The AWS SDKs do so with metadata,
 * storage class and encryption.
 */
import { Failure } from '../domain/failure.ts';
import type { Incoming } from '../domain/stages.ts';
import { isHeaderInQuery } from './query-parameters.ts';

type Query = Incoming['query'];

export interface Unhoisted {
  readonly headers: Incoming['headers'];
  /** The parameters that are no headers. */
  readonly query: Query;
}

/** RFC 9110, sections 5.1 and 5.5. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/** Tells apart what stands in the query. @throws Failure invalid_argument for what no header can be, or not at once. */
export function unhoist({ headers, query }: Pick<Incoming, 'headers' | 'query'>): Unhoisted {
  if (!query.some(([name]) => /^x-amz-signature$/i.test(name))) return { headers, query };
  const hoisted = query.filter(([name]) => isHeaderInQuery(name));
  if (hoisted.length === 0) return { headers, query };
  const all: Record<string, string> = { ...headers };
  for (const [parameter, value] of hoisted) {
    const name = parameter.toLowerCase();
    const header = headerValue(name, value);
    if (all[name] !== undefined && all[name] !== header)
      throw new Failure('invalid_argument', `The header ${name.slice(0, 80)} is given twice, with different values.`);
    all[name] = header;
  }
  return { headers: all, query: query.filter(([name]) => !isHeaderInQuery(name)) };
}

/** As headers carry it: the bytes of its UTF-8, one character each. */
function headerValue(name: string, value: string): string {
  if (HEADER_NAME.test(name) && !CONTROL.test(value)) return Buffer.from(value).toString('latin1');
  throw new Failure('invalid_argument', 'A header in the query has a name or a value that no header can have.');
}
