/** The latency of a service in the last 15 minutes: the mean as a line, the maximum as an area, failures as crosses. */
import type { LatencyPoint } from '../../src/view/documents.ts';
import { showSeconds } from '../format.ts';

const WIDTH = 300;
const HEIGHT = 44;
const SPAN_MILLIS = 15 * 60_000;

export function Sparkline({ points, now }: { readonly points: readonly LatencyPoint[]; readonly now: number }) {
  const most = Math.max(...points.map(({ max_seconds }) => max_seconds), 0);
  const x = (at: number): number => Math.max(0, WIDTH * (1 - (now - at) / SPAN_MILLIS));
  const y = (seconds: number): number => HEIGHT - 2 - (most > 0 ? (HEIGHT - 10) * (seconds / most) : 0);
  const line = (value: (point: LatencyPoint) => number): string =>
    points.map((point) => `${x(point.at).toFixed(1)},${y(value(point)).toFixed(1)}`).join(' ');
  const failures = points.filter((point) => point.failures > 0);
  const summary =
    points.length === 0
      ? 'No calls in the last 15 minutes'
      : `Latency of the last 15 minutes, at most ${showSeconds(most)}`;
  const lastX = points.length > 0 ? x(points.at(-1)!.at).toFixed(1) : 0;
  const firstX = points.length > 0 ? x(points[0]!.at).toFixed(1) : 0;
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary}
    >
      <title>{summary}</title>
      <line class="grid-line" x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      <polygon
        class="spark-area"
        points={`${firstX},${HEIGHT} ${line(({ max_seconds }) => max_seconds)} ${lastX},${HEIGHT}`}
      />
      <polyline class="spark-line" points={line(({ mean_seconds }) => mean_seconds)} />
      {failures.map(({ at }) => (
        <path key={at} class="spark-failure" d={`M${x(at) - 3} 1l6 6m0 -6l-6 6`} />
      ))}
    </svg>
  );
}
