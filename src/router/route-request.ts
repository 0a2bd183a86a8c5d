/** Incoming → Routed. */

import { PREFLIGHT } from '../domain/operation.ts';
import type { Bucket, Incoming, Routed } from '../domain/stages.ts';
import { findBucket, type Route } from './find-bucket.ts';
import { findOperation } from './find-operation.ts';
import { applyQueryHeaders } from './presigned-query-headers.ts';

/** @throws Failure for everything that is not an upload to a known bucket. */
export function routeRequest<B extends Bucket>(routes: readonly Route<B>[], request: Incoming): Routed<B> {
  const { route, key } = findBucket(routes, request);
  request.span.set('http.route', request.hostBucket === undefined ? `${route.prefix}/{key}` : '/{key}');
  if (route.takesPreflights && isPreflight(request)) return preflightOf(request, route.bucket, key);
  const { headers, query } = applyQueryHeaders(request);
  const incoming = headers === request.headers ? request : { ...request, headers };
  const { operation, parameters } = findOperation(incoming.method, query, key !== '', route);
  const part = parameters.get('partNumber');
  return {
    incoming,
    bucket: route.bucket,
    operation,
    key,
    uploadId: parameters.get('uploadId'),
    partNumber: part === undefined ? undefined : Number(part),
    storeQuery: [...parameters],
    form: undefined,
  };
}

/** Fetch standard, "CORS-preflight request". Its query is that of the actual request, including the signature, and is ignored. */
function isPreflight({ method, headers }: Incoming): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

function preflightOf<B extends Bucket>(incoming: Incoming, bucket: B, key: string): Routed<B> {
  const nothing = { uploadId: undefined, partNumber: undefined, storeQuery: [], form: undefined };
  return { incoming, bucket, operation: PREFLIGHT, key, ...nothing };
}
