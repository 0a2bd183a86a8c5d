/** From a request to its bucket, key and operation, or to the reason for a refusal. Called once for each request. */
import { asFailure, Failure } from '../domain/failure.ts';
import { PREFLIGHT } from '../domain/operation.ts';
import type { Destination, Routable, Routing } from '../domain/routing.ts';
import type { Bucket } from '../domain/stages.ts';
import { findKey, findRoute, type Route } from './find-bucket.ts';
import { findOperation } from './find-operation.ts';
import { unhoist } from './presigned-query-headers.ts';
import { isForm } from './route-form.ts';

/** Never throws: everything that is not an upload to a known bucket is refused in the result. */
export function routeRequest<B extends Bucket>(routes: readonly Route<B>[], request: Routable): Routing<B> {
  const route = orFailure(() => findRoute(routes, request));
  if (route instanceof Failure) return { bucket: undefined, key: undefined, httpRoute: undefined, outcome: route };
  const { bucket } = route;
  const key = orFailure(() => findKey(routes, route, request));
  if (key instanceof Failure) return { bucket, key: undefined, httpRoute: undefined, outcome: key };
  if (key === '' && isForm(request)) {
    const httpRoute = request.hostBucket === undefined ? route.prefix : '/';
    return { bucket, key, httpRoute, outcome: { form: { bucket, rules: route } } };
  }
  const httpRoute = request.hostBucket === undefined ? `${route.prefix}/{key}` : '/{key}';
  return { bucket, key, httpRoute, outcome: orFailure(() => destinationOf(route, key, request)) };
}

/** @throws Failure for everything that is not an operation of this gateway. */
function destinationOf<B extends Bucket>(route: Route<B>, key: string, request: Routable): Destination<B> {
  if (route.takesPreflights && isPreflight(request)) return preflightOf(request, route.bucket, key);
  const { headers, query } = unhoist(request);
  const { operation, parameters } = findOperation(request.method, query, key !== '', route);
  const part = parameters.get('partNumber');
  return {
    request: {
      bucket: route.bucket,
      operation,
      key,
      uploadId: parameters.get('uploadId'),
      partNumber: part === undefined ? undefined : Number(part),
      storeQuery: [...parameters],
      form: undefined,
    },
    headers,
  };
}

/** Fetch standard, "CORS-preflight request". Its query is that of the request to come, signature and all, and means nothing yet. */
function isPreflight({ method, headers }: Routable): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

function preflightOf<B extends Bucket>({ headers }: Routable, bucket: B, key: string): Destination<B> {
  const nothing = { uploadId: undefined, partNumber: undefined, storeQuery: [], form: undefined };
  return { request: { bucket, operation: PREFLIGHT, key, ...nothing }, headers };
}

function orFailure<T>(find: () => T): T | Failure {
  try {
    return find();
  } catch (thrown) {
    return asFailure(thrown);
  }
}
