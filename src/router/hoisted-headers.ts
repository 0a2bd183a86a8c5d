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

/** Tells apart what stands in the query. @throws Failure invalid_argument if one header would have two values. */
export function unhoist({ headers, query }: Incoming): Unhoisted {
  if (!query.some(([name]) => /^x-amz-signature$/i.test(name))) return { headers, query };
  const hoisted = query.filter(([name]) => isHeaderInQuery(name));
  if (hoisted.length === 0) return { headers, query };
  const all: Record<string, string> = { ...headers };
  for (const [parameter, value] of hoisted) {
    const name = parameter.toLowerCase();
    if (all[name] !== undefined && all[name] !== value)
      throw new Failure('invalid_argument', `The header ${name.slice(0, 80)} is given twice, with different values.`);
    all[name] = value;
  }
  return { headers: all, query: query.filter(([name]) => !isHeaderInQuery(name)) };
}
