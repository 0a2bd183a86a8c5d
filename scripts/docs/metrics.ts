/** Renders docs/metrics.md: every metric, from the catalogue. */
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

const INTRODUCTION = `\`GET /metrics\` on the address of \`metrics\` returns all of these: as Prometheus text, or as OpenMetrics if the Accept header
prefers it. OpenMetrics carries exemplars: the trace and span of the first request since the last scrape, if that trace is kept. Prometheus
needs \`--enable-feature=exemplar-storage\` for them. Labels come from the configuration and from closed tables, never from clients. The
table is generated from \`src/metrics/catalogue.ts\`.
`;
