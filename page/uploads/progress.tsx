/** Bytes of an upload, as text and as a bar. */
import { showBytes, showBytesOf } from '../format.ts';

interface Props {
  readonly received: number;
  readonly size: number | null;
  readonly name: string;
}

export function Progress({ received, size, name }: Props) {
  if (size === null && received === 0) return <span class="muted">–</span>;
  if (size === null) return <span class="number">{showBytes(received)} of unknown size</span>;
  const part = size === 0 ? 1 : Math.min(1, received / size);
  return (
    <>
      <progress aria-label={`Received bytes of ${name}`} max={1} value={part} />
      <span class="second-line number">
        {showBytesOf(received, size)} <span class="muted">· {Math.floor(part * 100)} %</span>
      </span>
    </>
  );
}
