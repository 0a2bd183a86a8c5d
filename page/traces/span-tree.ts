/** The spans of a trace in the order of a tree: each below its parent, siblings by their start. */
import type { Span } from './otlp.ts';

export interface SpanRow {
  readonly span: Span;
  readonly depth: number;
}

export function spanTree(spans: readonly Span[]): SpanRow[] {
  const ids = new Set(spans.map(({ id }) => id));
  const children = Map.groupBy(spans, ({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : ''));
  const rows: SpanRow[] = [];
  const add = (parent: string, depth: number): void => {
    const sorted = (children.get(parent) ?? []).toSorted((a, b) => a.startSeconds - b.startSeconds);
    for (const span of sorted) {
      rows.push({ span, depth });
      add(span.id, depth + 1);
    }
  };
  add('', 0);
  return rows;
}
