/** A small gauge of a value and its limit, which warns near the limit. */

interface Props {
  readonly label: string;
  readonly value: number;
  readonly limit: number;
}

export function Meter({ label, value, limit }: Props) {
  const part = limit > 0 ? Math.min(1, value / limit) : 0;
  return (
    <meter
      class="meter"
      aria-label={label}
      min={0}
      max={1}
      low={0.6}
      high={0.85}
      optimum={0}
      value={part}
      title={`${Math.round(part * 100)} %`}
    />
  );
}
