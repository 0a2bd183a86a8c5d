/** The method of a request as attributes (OTel semantic conventions, "HTTP": a closed set, and `_OTHER`). */

const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

export interface MethodAttributes {
  readonly 'http.request.method': string;
  readonly 'http.request.method_original': string | undefined;
}

/** @param method as sent; undefined if it is unknown. */
export function methodAttributes(method: string | undefined): MethodAttributes {
  const known = method !== undefined && METHODS.has(method);
  return {
    'http.request.method': known ? method : '_OTHER',
    'http.request.method_original': known ? undefined : method,
  };
}
