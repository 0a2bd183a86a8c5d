/** The documents of `/api/…` by their paths. */
import type { ViewSource } from '../sources.ts';

const NO_SPANS =
  'The gateway does not have the spans of this trace: they are too old, too many, or tracing is disabled.\n';

const DOCUMENTS: Readonly<Record<string, (source: ViewSource) => object | Promise<object>>> = {
  '/api/view': (source) => source.view(),
  '/api/uploads': (source) => source.uploads(),
  '/api/traces': (source) => source.traces(),
  '/api/health': (source) => source.health(),
  '/api/config': (source) => source.config(),
};

const TRACE = /^\/api\/traces\/([0-9a-f]{32})$/;

/** @returns undefined for an unknown path; why an item is missing, as text. */
export async function documentOf(
  source: ViewSource,
  path: string,
): Promise<{ readonly json: string } | { readonly missing: string } | undefined> {
  const [, traceId] = TRACE.exec(path) ?? [];
  if (traceId !== undefined) {
    const json = await source.trace(traceId);
    return json === undefined ? { missing: NO_SPANS } : { json };
  }
  if (!Object.hasOwn(DOCUMENTS, path)) return undefined;
  return { json: JSON.stringify(await DOCUMENTS[path]!(source)) };
}
