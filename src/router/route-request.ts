/** Incoming → Routed. */
import type { Bucket, Incoming, Routed } from '../domain/stages.ts';
import { findBucket, type Route } from './find-bucket.ts';
import { findOperation } from './find-operation.ts';

/** @throws Failure for everything that is not an upload to a known bucket. */
export function routeRequest<B extends Bucket>(routes: readonly Route<B>[], incoming: Incoming): Routed<B> {
  const { route, key } = findBucket(routes, incoming.rawPath);
  incoming.span.set('http.route', `${route.prefix}/{key}`);
  const { operation, parameters } = findOperation(incoming.method, incoming.query, key !== '');
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
