/** Renders docs/metrics.md: every metric, made from the catalogue. */
import { METRICS, type MetricShape } from '../../src/metrics/catalogue.ts';
import { code, head, table } from './markdown.ts';

export function renderMetrics(): string {
  const rows = (Object.entries(METRICS) as [string, MetricShape][]).map(([name, { type, labels, help }]) => [
    code(type === 'counter' ? `${name}_total` : name),
    type,
    labels.map(code).join(' '),
    help,
  ]);
  return `${head('Metrics')}\n${INTRODUCTION}\n${table(['name', 'type', 'labels', 'meaning'], rows)}\n`;
}

const INTRODUCTION = `\`GET /metrics\` on the address of \`metrics\` gives all of these: as Prometheus text, or as OpenMetrics where the Accept header
prefers it. OpenMetrics carries exemplars: the trace and span of one of the requests that a figure is made of, the first since it was looked at last, if that trace is
kept; Prometheus needs \`--enable-feature=exemplar-storage\` for them. Labels come from the configuration and from closed tables,
never from clients. The table is made from \`src/metrics/catalogue.ts\`.
`;
