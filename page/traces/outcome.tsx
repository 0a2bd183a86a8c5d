/** Status, outcome and side of a request that has ended. */
import type { RecentRequest } from '../../src/view/documents.ts';

export const isFailed = ({ side }: RecentRequest): boolean => side !== null;

export function Status({ request }: { readonly request: RecentRequest }) {
  const isGood = !isFailed(request);
  return (
    <span class={`status ${isGood ? 'good' : 'failed'}`}>
      <span aria-hidden="true">{isGood ? '✓' : '✕'}</span> {request.status ?? 'no response'}
    </span>
  );
}

const OUTCOMES = { stored: 'stored', not_stored: 'not stored', unknown: 'outcome unknown' } as const;

export const outcomeOf = ({ outcome }: RecentRequest): string => (outcome === null ? '' : OUTCOMES[outcome]);

export function Side({ side }: { readonly side: string }) {
  return <span class={`side side-${side}`}>{side}</span>;
}
