/** How many uploads wait for what, as buttons that filter the table. */
import type { Upload } from '../../src/view/documents.ts';
import { WaitPatch } from '../parts/wait-badge.tsx';

const WAITS = ['moving', 'client', 'policy', 'memory', 'connection', 'store'] as const;

export type WaitFilter = (typeof WAITS)[number];

export const waitOf = (upload: Upload): WaitFilter => upload.waiting_for ?? 'moving';

interface Props {
  readonly uploads: readonly Upload[];
  readonly chosen: WaitFilter | undefined;
  readonly onChoose: (wait: WaitFilter | undefined) => void;
}

export function WaitsSummary({ uploads, chosen, onChoose }: Props) {
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">Filter by what uploads wait for</legend>
      {WAITS.map((wait) => (
        <button
          key={wait}
          type="button"
          class="chip"
          aria-pressed={chosen === wait}
          onClick={() => onChoose(chosen === wait ? undefined : wait)}
        >
          <WaitPatch wait={wait} />
          {wait !== 'moving' && <span class="visually-hidden">waiting for </span>}
          {wait}
          <b class="number">{uploads.filter((upload) => waitOf(upload) === wait).length}</b>
        </button>
      ))}
    </fieldset>
  );
}
