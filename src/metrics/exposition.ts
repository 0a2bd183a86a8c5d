/**
 * The registry in the format that the scraper prefers: Prometheus text 0.0.4, OpenMetrics 1.0 with exemplars, or Protocol Buffers with
 * exemplars and native histograms.
 */
import { delimitedFamilies } from './delimited-exposition.ts';
import type { Family, Registry } from './registry.ts';
import type { Exemplar, Labels, Series } from './series.ts';

export interface Exposition {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

interface Format {
  readonly contentType: string;
  /** The media range in Accept, in lower case, with the parameters that it must have. */
  readonly accepted: readonly string[];
  render(families: readonly Family[]): string | Uint8Array;
}

const TEXT: Format = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  accepted: ['text/plain'],
  render: (families) => families.map((family) => familyText(family, false)).join(''),
};

/** In the order in which they are preferred at the same quality. */
const FORMATS: readonly Format[] = [
  {
    contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    accepted: ['application/vnd.google.protobuf', 'proto=io.prometheus.client.metricfamily', 'encoding=delimited'],
    render: delimitedFamilies,
  },
  {
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    accepted: ['application/openmetrics-text'],
    render: (families) => `${families.map((family) => familyText(family, true)).join('')}# EOF\n`,
  },
  TEXT,
];

/** @param accept the Accept header of the scrape. */
export function expose(registry: Pick<Registry, 'collect'>, accept: string): Exposition {
  const { contentType, render } = preferred(accept);
  return { contentType, body: render(registry.collect().filter(({ shape }) => shape.semconv === undefined)) };
}

/** Quality values decide (RFC 9110, section 12.5.1). Text is for every other client. */
function preferred(accept: string): Format {
  const ranges = accept.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()));
  const quality = ({ accepted }: Format): number => {
    const range = ranges.find((parts) => parts[0] === accepted[0] && accepted.every((part) => parts.includes(part)));
    if (range === undefined) return 0;
    const q = range.find((parameter) => parameter.startsWith('q='));
    return q === undefined ? 1 : Number(q.slice(2));
  };
  const best = Math.max(...FORMATS.map(quality));
  return best > 0 ? FORMATS.find((format) => quality(format) === best)! : TEXT;
}

function familyText({ name, shape, series }: Family, openMetrics: boolean): string {
  const suffix = shape.type === 'counter' ? '_total' : '';
  const family = openMetrics ? name : name + suffix;
  let text = `# HELP ${family} ${shape.help}\n# TYPE ${family} ${shape.type}\n`;
  for (const one of series) {
    if (shape.type === 'histogram') text += histogramText(name, shape.labels, shape.buckets ?? [], one, openMetrics);
    else
      text += `${name}${suffix}${labelText(shape.labels, one.labels)} ${one.value}${after(one.exemplar, openMetrics)}\n`;
  }
  return text;
}

function histogramText(
  name: string,
  names: Labels,
  bounds: readonly number[],
  { labels, counts, exemplars, value }: Series,
  openMetrics: boolean,
): string {
  let text = '';
  let cumulated = 0;
  for (let i = 0; i <= bounds.length; i++) {
    cumulated += counts[i]!;
    const le = i === bounds.length ? '+Inf' : boundText(bounds[i]!, openMetrics);
    text += `${name}_bucket${labelText([...names, 'le'], [...labels, le])} ${cumulated}${after(exemplars[i], openMetrics)}\n`;
  }
  const own = labelText(names, labels);
  return `${text}${name}_sum${own} ${value}\n${name}_count${own} ${cumulated}\n`;
}

/** OpenMetrics wants floats in `le` to look like floats. */
function boundText(bound: number, openMetrics: boolean): string {
  return openMetrics && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelText(names: Labels, values: Labels): string {
  if (names.length === 0) return '';
  return `{${names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

function after(exemplar: Exemplar | undefined, openMetrics: boolean): string {
  if (!openMetrics || exemplar === undefined) return '';
  const { traceId, spanId, value, time } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${value} ${time.toFixed(3)}`;
}
