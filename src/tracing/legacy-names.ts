/** Names of attributes from before the HTTP conventions became stable, by the kind of their span. */
import { SPANS, type SpanShape } from './catalogue.ts';

/** Today's name → the one from before. `http.target` is missing: it is made of two. */
export const LEGACY_NAMES: Readonly<Record<SpanShape['kind'], ReadonlyMap<string, string>>> = {
  server: legacyNames('server'),
  internal: legacyNames('internal'),
  client: legacyNames('client'),
};

function legacyNames(kind: SpanShape['kind']): ReadonlyMap<string, string> {
  const shapes = Object.values(SPANS).filter((span) => span.kind === kind);
  const attributes = shapes.flatMap((span) => Object.entries(span.attributes));
  return new Map(attributes.flatMap(([name, { legacy }]) => (legacy ? [[name, legacy] as const] : [])));
}
