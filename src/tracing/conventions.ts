/**
 * Which names HTTP attributes get. The gateway sets today's (OTel semantic conventions for HTTP, stable since 1.23) and knows
 * no others; `dup` sets those from before beside them, `legacy` in their place.
 */
import { type Attributes as ApiAttributes, type Span as ApiSpan, SpanKind } from '@opentelemetry/api';
import type { Attributes, AttributeValue } from '../domain/span.ts';
import { LEGACY_NAMES } from './catalogue.ts';

export type Conventions = 'stable' | 'legacy' | 'dup';

/** How attributes are put on spans. */
export interface Names {
  /** The attributes of a span that is about to start. */
  initial(kind: SpanKind, attributes: Attributes): ApiAttributes;
  set(span: ApiSpan, kind: SpanKind, name: string, value: AttributeValue): void;
}

export function chooseNames(conventions: Conventions): Names {
  return conventions === 'stable' ? STABLE : withLegacy(conventions === 'dup');
}

const STABLE: Names = {
  initial: (_, attributes) => attributes,
  set: (span, _, name, value) => span.setAttribute(name, value),
};

function withLegacy(both: boolean): Names {
  return {
    initial(kind, attributes) {
      const names = namesOf(kind);
      const all: ApiAttributes = {};
      for (const name in attributes) {
        const older = names.get(name);
        if (both || older === undefined) all[name] = attributes[name];
        if (older !== undefined) all[older] = attributes[name];
      }
      if (attributes['url.path'] !== undefined) setTarget(all, attributes, both);
      return all;
    },
    set(span, kind, name, value) {
      const older = namesOf(kind).get(name);
      if (both || older === undefined) span.setAttribute(name, value);
      if (older !== undefined) span.setAttribute(older, value);
    },
  };
}

/** What is two attributes today was one. */
function setTarget(all: ApiAttributes, attributes: Attributes, both: boolean): void {
  const { 'url.path': path, 'url.query': query } = attributes;
  all['http.target'] = query === undefined ? path : `${path}?${query}`;
  if (both) return;
  delete all['url.path'];
  delete all['url.query'];
}

const namesOf = (kind: SpanKind): ReadonlyMap<string, string> =>
  kind === SpanKind.SERVER ? LEGACY_NAMES.server : LEGACY_NAMES.client;
