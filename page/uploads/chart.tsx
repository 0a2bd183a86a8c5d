/** One series of the last five minutes, drawn by uPlot on a canvas in the colours of the style sheet. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { SERIES_SECONDS } from '../data/series.ts';
import { showTime } from '../format.ts';

interface Props {
  readonly title: string;
  readonly now: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly show: (value: number) => string;
  /** Name of a colour of the style sheet. */
  readonly color: string;
}

const HEIGHT = 132;

export function Chart({ title, now, times, values, show, color }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const target = place.current!;
    const create = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(target, show, color), [[], []], target);
    };
    create();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', create);
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: target.clientWidth, height: HEIGHT }));
    resized.observe(target);
    return () => {
      scheme.removeEventListener('change', create);
      resized.disconnect();
      plot.current?.destroy();
    };
  }, [show, color]);
  useEffect(() => plot.current?.setData([[...times], [...values]]));
  return (
    <figure class="chart card">
      <figcaption>
        {title} <b class="number">{now}</b>
      </figcaption>
      <div ref={place} class="chart-place" aria-hidden="true" />
    </figure>
  );
}

function optionsOf(target: HTMLElement, show: (value: number) => string, color: string): uPlot.Options {
  const style = getComputedStyle(target);
  const [line, muted, border] = [color, '--muted', '--border'].map((name) => style.getPropertyValue(name));
  const axis = {
    stroke: muted!,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: border!, width: 1 },
    ticks: { show: false },
  } as const;
  return {
    width: target.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: true, range: (_, __, last) => [last - SERIES_SECONDS, last] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, splits) => splits.map((time) => showTime(time * 1000).slice(0, 5)),
      },
      { ...axis, size: 72, space: 36, values: (_, splits) => splits.map(show) },
    ],
    series: [{}, { stroke: line!, fill: `${line!}22`, width: 2, points: { show: false } }],
  };
}
