/** Renders docs/metrics.md: every metric, from the catalogue. */
import { METRICS, type MetricShape } from '../../src/metrics/catalogue.ts';
import { code, head, table } from './markdown.ts';

const ALL = Object.entries(METRICS) as [string, MetricShape][];

export function renderMetrics(): string {
  const scraped = ALL.filter(([, { semconv }]) => semconv === undefined);
  const exported = ALL.filter(([, { semconv }]) => semconv !== undefined);
  const rows = scraped.map(([name, { type, labels, help }]) => [
    code(type === 'counter' ? `${name}_total` : name),
    type,
    labels.map(code).join(' '),
    help,
  ]);
  const semconv = exported.map(([name, { labels, help }]) => [code(name), labels.map(code).join(' '), help]);
  const tables = [
    table(['name', 'type', 'labels', 'meaning'], rows),
    NATIVE,
    EXPORTED,
    table(['name', 'attributes', 'meaning'], semconv),
  ];
  return `${head('Metrics')}\n${INTRODUCTION}\n${tables.join('\n')}\n`;
}

const INTRODUCTION = `\`GET /metrics\` on the address of \`metrics\` returns all of these in the format that the Accept header prefers: Prometheus text,
OpenMetrics, or Protocol Buffers. OpenMetrics and Protocol Buffers carry exemplars: the trace and span of the first request since the last scrape, if that trace is kept. Prometheus
needs \`--enable-feature=exemplar-storage\` for them. Labels come from the configuration and from closed tables, never from clients. The
table is generated from \`src/metrics/catalogue.ts\`.
`;

const NATIVE = `
## Native histograms

A Prometheus with \`scrape_native_histograms: true\` (before version 3.8: \`--enable-feature=native-histograms\`) gets each histogram of this page
as a native one: with buckets of 9 %, in one series instead of about 17. It then drops the classic series \`_bucket\`, \`_sum\` and \`_count\`, which the
[dashboard and the alerts](../deploy/README.md) use. \`always_scrape_classic_histograms: true\` (before version 3: \`scrape_classic_histograms\`) keeps both.
`;

const EXPORTED = `
## Metrics of the semantic conventions

The export of \`metrics.otlp\` has the metrics above, and these of the OpenTelemetry semantic conventions, in seconds. An attribute without a value is absent.
`;
