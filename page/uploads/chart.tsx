/** One series of the last five minutes, drawn by uPlot on a canvas in the colours of the style sheet. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
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

/** The least span of time on the axis: until a page is open for longer, it would show hardly anything of five minutes. */
const SHORT_SECONDS = 60;
/** Round numbers of bytes and of uploads. */
const STEPS = Array.from({ length: 48 }, (_, power) => 2 ** power);

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
    const resized = new ResizeObserver(() => plot.current?.setSize(sizeOf(target)));
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

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({ width: clientWidth, height: clientHeight });

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
    ...sizeOf(target),
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 28, 0, 0],
    scales: {
      x: { time: true, range: (_, first, last) => [Math.min(first, last - SHORT_SECONDS), last] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        incrs: [15, 30, 60],
        grid: { show: false },
        values: (_, splits) => splits.map((time) => showTime(time * 1000)),
      },
      { ...axis, size: 76, space: 34, incrs: STEPS, values: (_, splits) => splits.map(show) },
    ],
    series: [{}, { stroke: line!, fill: `${line!}22`, width: 2, points: { show: false } }],
  };
}
