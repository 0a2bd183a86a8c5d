/** A chart of ratios with their intervals, as SVG: one line for each contestant, a mark at what is aimed at. */
import type { Estimate } from './table.ts';

export interface Bar {
  readonly name: string;
  readonly ratio: Estimate;
}

const WIDTH = 820;
const LEFT = 230;
const RIGHT = 90;
const ROW = 30;
const TOP = 54;

/** @param aim a ratio that is marked by a line. */
export function ratioChart(title: string, bars: readonly Bar[], aim: number): string {
  const values = bars.flatMap(({ ratio }) => [ratio.interval.low, ratio.interval.high, ratio.median]);
  const low = Math.min(0.9, ...values);
  const high = Math.max(1.1, ...values);
  const x = (ratio: number): number => LEFT + ((ratio - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const height = TOP + bars.length * ROW + 24;
  const line = (ratio: number, style: string, label: string): string =>
    `<line x1="${px(x(ratio))}" y1="${TOP - 8}" x2="${px(x(ratio))}" y2="${height - 20}" ${style}/>` +
    `<text x="${px(x(ratio))}" y="${height - 6}" text-anchor="middle" class="s">${label}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${text(title)}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#222}.s{font-size:11px;fill:#666}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="24" font-weight="600">${text(title)}</text>`,
    line(1, 'stroke="#999"', '×1'),
    line(aim, 'stroke="#2a7" stroke-dasharray="4 3"', `×${aim}`),
    ...bars.map(({ name, ratio }, i) => bar(name, ratio, TOP + i * ROW, x)),
    '</svg>\n',
  ].join('\n');
}

function bar(
  name: string,
  { median, interval: { low, high } }: Estimate,
  y: number,
  x: (ratio: number) => number,
): string {
  const middle = y + ROW / 2 - 4;
  return [
    `<text x="12" y="${middle + 4}">${text(name)}</text>`,
    `<line x1="${px(x(low))}" y1="${middle}" x2="${px(x(high))}" y2="${middle}" stroke="#36c" stroke-width="3" stroke-opacity=".35"/>`,
    `<circle cx="${px(x(median))}" cy="${middle}" r="4.5" fill="#36c"/>`,
    `<text x="${WIDTH - 12}" y="${middle + 4}" text-anchor="end">×${median.toFixed(3)}</text>`,
  ].join('');
}

const px = (value: number): string => value.toFixed(1);
const text = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
