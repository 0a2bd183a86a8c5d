/** From a request to its bucket, key and operation, or to the reason for a refusal. Called once for each request. */
import { asFailure } from '../domain/failure.ts';
import { PREFLIGHT } from '../domain/operation.ts';
import type { Destination, Routable, Routing } from '../domain/routing.ts';
import type { Bucket } from '../domain/stages.ts';
import { findKey, findRoute, type Route } from './find-bucket.ts';
import { findOperation } from './find-operation.ts';
import { operationName } from './operation-name.ts';
import { applyQueryHeaders } from './presigned-query-headers.ts';
import { isForm } from './route-form.ts';

/** Never throws: everything that is not an upload to a known bucket is refused in the result. */
export function routeRequest<B extends Bucket>(routes: readonly Route<B>[], request: Routable): Routing<B> {
  let bucket: B | undefined;
  let key: string | undefined;
  let httpRoute: string | undefined;
  try {
    const route = findRoute(routes, request);
    bucket = route.bucket;
    key = findKey(routes, route, request);
    const isOfForm = key === '' && isForm(request);
    httpRoute = httpRouteOf(route, request, isOfForm);
    const outcome = isOfForm ? { form: { bucket, rules: route } } : destinationOf(route, key, request);
    return { bucket, key, httpRoute, outcome };
  } catch (thrown) {
    const refusedOperation = bucket && operationName(request, key !== '');
    return { bucket, key, httpRoute, outcome: asFailure(thrown), refusedOperation };
  }
}

function httpRouteOf({ prefix }: Route<Bucket>, { hostBucket }: Routable, isOfForm: boolean): string {
  if (hostBucket !== undefined) return isOfForm ? '/' : '/{key}';
  return isOfForm ? prefix : `${prefix}/{key}`;
}

/** @throws Failure for everything that is not an operation of this gateway. */
function destinationOf<B extends Bucket>(route: Route<B>, key: string, request: Routable): Destination<B> {
  if (route.takesPreflights && isPreflight(request)) return preflightOf(request, route.bucket, key);
  const { headers, query } = applyQueryHeaders(request);
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

/** Fetch standard, "CORS-preflight request". Its query is that of the actual request, including the signature, and is ignored. */
function isPreflight({ method, headers }: Routable): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

function preflightOf<B extends Bucket>({ headers }: Routable, bucket: B, key: string): Destination<B> {
  const nothing = { uploadId: undefined, partNumber: undefined, storeQuery: [], form: undefined };
  return { request: { bucket, operation: PREFLIGHT, key, ...nothing }, headers };
}
