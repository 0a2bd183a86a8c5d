/** The hatchings of waits in the bars of a waterfall: one pattern each, so that colour is not the only difference. */
import type { SpanWait } from './span-waits.ts';

export const hatchOf = (wait: SpanWait): string => `url(#hatch-${wait})`;

const PATHS: Record<SpanWait, string> = {
  client: 'M-2 2 2 -2M0 8 8 0M6 10 10 6',
  store: 'M-2 6 2 10M0 0 8 8M6 -2 10 2',
  memory: 'M4 0V8',
  connection: 'M0 2H8M0 6H8',
  retry: 'M0 4H8M4 0V8',
  queue: 'M1 4H3M5 4H7',
  identity: 'M-2 2 2 -2M0 8 8 0M6 10 10 6M0 0 8 8',
};

export function Hatches() {
  return (
    <svg class="hatches" aria-hidden="true" width="0" height="0">
      <defs>
        {(Object.keys(PATHS) as SpanWait[]).map((wait) => (
          <pattern key={wait} id={`hatch-${wait}`} width="8" height="8" patternUnits="userSpaceOnUse">
            <rect width="8" height="8" class={`hatch-ground hatch-${wait}`} />
            <path d={PATHS[wait]} class={`hatch-line hatch-${wait}`} />
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

export function HatchLegend({ waits }: { readonly waits: readonly SpanWait[] }) {
  if (waits.length === 0) return null;
  return (
    <p class="legend">
      {waits.map((wait) => (
        <span key={wait} class="legend-item">
          <svg width="22" height="12" aria-hidden="true">
            <rect width="22" height="12" rx="2" fill={hatchOf(wait)} />
          </svg>
          {wait === 'retry' ? 'pause before a retry' : `${wait} wait`}
        </span>
      ))}
      <span class="muted">Hatched pieces are totals: their length is the time, their place is not.</span>
    </p>
  );
}
