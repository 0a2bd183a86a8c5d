/** How much one span may hold. Paths, keys and user agents come from the client, so everything is bounded. */

export interface SpanLimits {
  readonly attributes: number;
  readonly events: number;
  readonly links: number;
  /** Longest string, in UTF-16 code units. */
  readonly valueLength: number;
  /** Called for each value that is shortened and each part that is left out. */
  truncated(what: Truncated): void;
}

/** Parts of a span with a limit: a closed set, for the metric. */
export const TRUNCATED = ['value', 'attribute', 'event', 'link'] as const;
export type Truncated = (typeof TRUNCATED)[number];

export const DEFAULT_LIMITS: SpanLimits = {
  attributes: 128,
  events: 128,
  links: 128,
  valueLength: 1024,
  truncated() {},
};

/** The first `limit` code units, one less if the text would end within a surrogate pair. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}
