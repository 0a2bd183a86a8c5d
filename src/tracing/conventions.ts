/**
 * Names of HTTP attributes. The gateway sets the stable ones (OTel semantic conventions for HTTP, stable since 1.23). `dup` sets
 * the older names as well, `legacy` sets them instead.
 */
import type { Attributes, AttributeValue, SpanKind as ChildKind, Span } from '../domain/span.ts';
import { LEGACY_NAMES } from './catalogue.ts';

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
      const all: Record<string, AttributeValue | undefined> = {};
      for (const name in attributes) for (const each of namesFor(older, name, both)) all[each] = attributes[name];
      if (attributes['url.path'] !== undefined) setTarget(all, attributes, both);
      return all;
    },
    renamed: (span, kind) => (span.recording ? new RenamedSpan(span, kind, names, both) : span),
  };
  return names;
}

class RenamedSpan implements Span {
  readonly #span: Span;
  readonly #older: ReadonlyMap<string, string>;
  readonly #names: Names;
  readonly #both: boolean;

  constructor(span: Span, kind: SpanKind, names: Names, both: boolean) {
    this.#span = span;
    this.#older = olderOf(kind);
    this.#names = names;
    this.#both = both;
  }

  get traceId(): string | undefined {
    return this.#span.traceId;
  }

  get spanId(): string | undefined {
    return this.#span.spanId;
  }

  get sampled(): boolean {
    return this.#span.sampled;
  }

  get recording(): boolean {
    return this.#span.recording;
  }

  get traceparent(): string | undefined {
    return this.#span.traceparent;
  }

  set(name: string, value: AttributeValue | undefined): void {
    for (const each of namesFor(this.#older, name, this.#both)) this.#span.set(each, value);
  }

  fail(errorType: string, description?: string): void {
    this.#span.fail(errorType, description);
  }

  child(name: string, kind: ChildKind, attributes: Attributes = {}): Span {
    return this.#names.renamed(this.#span.child(name, kind, this.#names.initial(kind, attributes)), kind);
  }

  outgoingHeaders(): readonly string[] {
    return this.#span.outgoingHeaders();
  }

  end(): void {
    this.#span.end();
  }
}

function namesFor(names: ReadonlyMap<string, string>, name: string, both: boolean): string[] {
  const older = names.get(name);
  if (older === undefined) return [name];
  return both ? [name, older] : [older];
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

const olderOf = (kind: SpanKind): ReadonlyMap<string, string> =>
  kind === 'server' ? LEGACY_NAMES.server : LEGACY_NAMES.client;
