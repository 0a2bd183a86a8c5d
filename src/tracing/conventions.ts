/**
 * Names of HTTP attributes. The gateway sets the stable ones (OTel semantic conventions for HTTP, stable since 1.23). `dup` sets
 * the older names as well, `legacy` sets them instead.
 */
import type { Attributes, AttributeValue, SpanKind as ChildKind, Span } from '../domain/span.ts';
import { DelegatingSpan } from './delegating-span.ts';
import { LEGACY_NAMES } from './legacy-names.ts';

export type Conventions = 'stable' | 'legacy' | 'dup';

type SpanKind = ChildKind | 'server';

/** How attributes are put on spans. */
export interface Names {
  /** The attributes of a span that is about to start. */
  initial(kind: SpanKind, attributes: Attributes): Attributes;
  /** The span, or a wrapper that renames its attributes and those of its children. */
  renamed(span: Span, kind: SpanKind): Span;
}

export function namesOf(conventions: Conventions): Names {
  return conventions === 'stable' ? STABLE : withLegacy(conventions === 'dup');
}

const STABLE: Names = {
  initial: (_, attributes) => attributes,
  renamed: (span) => span,
};

function withLegacy(both: boolean): Names {
  const names: Names = {
    initial(kind, attributes) {
      const older = olderOf(kind);
      if (older.size === 0) return attributes;
      const all: Record<string, AttributeValue | undefined> = {};
      for (const name in attributes) {
        const old = older.get(name);
        if (both || old === undefined) all[name] = attributes[name];
        if (old !== undefined) all[old] = attributes[name];
      }
      if (attributes['url.path'] !== undefined) setTarget(all, attributes, both);
      return all;
    },
    renamed: (span, kind) => (span.recording ? new RenamedSpan(span, kind, names, both) : span),
  };
  return names;
}

class RenamedSpan extends DelegatingSpan {
  readonly #older: ReadonlyMap<string, string>;
  readonly #names: Names;
  readonly #both: boolean;

  constructor(span: Span, kind: SpanKind, names: Names, both: boolean) {
    super(span);
    this.#older = olderOf(kind);
    this.#names = names;
    this.#both = both;
  }

  override set(name: string, value: AttributeValue | undefined): void {
    const old = this.#older.get(name);
    if (this.#both || old === undefined) this.inner.set(name, value);
    if (old !== undefined) this.inner.set(old, value);
  }

  override child(name: string, kind: ChildKind, attributes: Attributes = {}): Span {
    return this.#names.renamed(this.inner.child(name, kind, this.#names.initial(kind, attributes)), kind);
  }
}

/** One older attribute for two of today. */
function setTarget(
  all: Record<string, AttributeValue | undefined>,
  { 'url.path': path, 'url.query': query }: Attributes,
  both: boolean,
): void {
  all['http.target'] = query === undefined ? path : `${path}?${query}`;
  if (both) return;
  delete all['url.path'];
  delete all['url.query'];
}

const olderOf = (kind: SpanKind): ReadonlyMap<string, string> => LEGACY_NAMES[kind];
