/** The metrics of the semantic conventions, by the names of OpenTelemetry's own package. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as conventions from '@opentelemetry/semantic-conventions';
import { METRICS, type MetricShape } from '../../../src/metrics/catalogue.ts';

const NAMES = new Set<unknown>(Object.values(conventions));
/** As HTTP metrics advise for `http.server.request.duration` and `http.client.request.duration`. */
const ADVISED = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

it('names exported metrics and their attributes as the semantic conventions do', () => {
  const exported = (Object.entries(METRICS) as [string, MetricShape][]).filter(
    ([, { semconv }]) => semconv !== undefined,
  );
  assert.deepEqual(
    exported.map(([name]) => name),
    [conventions.METRIC_HTTP_SERVER_REQUEST_DURATION, conventions.METRIC_HTTP_CLIENT_REQUEST_DURATION],
  );
  for (const [, { labels, buckets, semconv }] of exported) {
    assert.deepEqual(
      labels.filter((label) => !NAMES.has(label)),
      [],
    );
    assert.deepEqual(buckets, ADVISED);
    assert.ok(semconv?.integers.every((label) => labels.includes(label)));
  }
});

it('has units in the names of all other metrics that have one', () => {
  for (const [name, { type, semconv }] of Object.entries(METRICS) as [string, MetricShape][])
    if (type === 'histogram' && semconv === undefined) assert.match(name, /_(seconds|bytes)$/);
});
