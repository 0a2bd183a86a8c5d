/** A wait of an upload: a word with a hatched patch. Each wait has its own hatching, so that colour is not the only difference. */

export type WaitName = 'client' | 'policy' | 'memory' | 'connection' | 'store';

export function WaitPatch({ wait }: { readonly wait: string }) {
  return <span class={`patch patch-${wait}`} aria-hidden="true" />;
}

export function WaitBadge({ wait }: { readonly wait: WaitName }) {
  return (
    <span class="wait">
      <WaitPatch wait={wait} />
      {wait}
    </span>
  );
}
