/** The registry as text: Prometheus 0.0.4, or OpenMetrics 1.0 where the scraper accepts it, which alone may carry exemplars. */
import type { Exemplar, Family, Labels, Registry, Series } from './registry.ts';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** @param accept the Accept header of the scrape. */
export function expose(registry: Registry, accept: string): Exposition {
  const openMetrics = wantsOpenMetrics(accept);
  const text = registry
    .collect()
    .map((family) => familyText(family, openMetrics))
    .join('');
  if (!openMetrics) return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text };
  return { contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8', text: `${text}# EOF\n` };
}

/** Quality values decide (RFC 9110, section 12.5.1); Prometheus lists OpenMetrics first or gives it the higher one. */
function wantsOpenMetrics(accept: string): boolean {
  const quality = (type: string): number => {
    for (const range of accept.split(',')) {
      const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      if (name !== type) continue;
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return q === undefined ? 1 : Number(q.slice(2));
    }
    return 0;
  };
  const wanted = quality('application/openmetrics-text');
  return wanted > 0 && wanted >= quality('text/plain');
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
