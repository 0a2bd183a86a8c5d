/** A small gauge of a value and its limit, which changes its colour near the limit. */

interface Props {
  readonly label: string;
  readonly value: number;
  readonly limit: number;
}

export function Meter({ label, value, limit }: Props) {
  const percent = limit > 0 ? Math.round(Math.min(1, value / limit) * 100) : 0;
  return (
    <span
      class={`meter ${levelOf(percent)}`}
      role="img"
      aria-label={`${label}: ${percent} %`}
      title={`${label}: ${percent} %`}
    >
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}

const levelOf = (percent: number): string => (percent >= 85 ? 'high' : percent >= 60 ? 'raised' : 'low');
