/**
 * The cost of the metrics of one request, and of a scrape in each format.
 *
 *   npm run bench -- metrics [--exported] [--smoke]
 *
 * `--exported` includes the metrics of the semantic conventions, as with `metrics.otlp`.
 */
import { NO_SPAN, type Span } from '../../src/domain/span.ts';
import { expose } from '../../src/metrics/exposition.ts';
import { watchIdentity } from '../../src/metrics/identity-metrics.ts';
import { Registry } from '../../src/metrics/registry.ts';
import { RequestMetrics } from '../../src/metrics/request-metrics.ts';
import { watchStoreCalls } from '../../src/metrics/store-metrics.ts';

const REQUESTS = process.argv.includes('--smoke') ? 1_000 : 400_000;
const ROUNDS = 5;
const BUCKETS = ['photos', 'films', 'uploads'];
const OPERATIONS = ['PutObject', 'UploadPart', 'CreateMultipartUpload'] as const;
const FORMATS = {
  text: '',
  OpenMetrics: 'application/openmetrics-text',
  'Protocol Buffers': 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
};
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const span: Span = { ...NO_SPAN, ...ids, sampled: true };
const attributes = { 'http.request.method': 'PUT', 'url.scheme': 'http', 'network.protocol.version': '1.1' };

const SUCCEEDED = { errorType: undefined, isCancelled: false, cause: undefined };

const registry = new Registry(process.argv.includes('--exported'));
const requests = new RequestMetrics(registry);
const identity = watchIdentity(registry);
const stores = BUCKETS.map((bucket) => watchStoreCalls(registry, bucket));

function measured(): void {
  for (let i = 0; i < REQUESTS; i++) {
    const bucket = BUCKETS[i % 3]!;
    const operation = OPERATIONS[(i >> 2) % 3]!;
    const seconds = (i % 97) / 50;
    requests.requestStarted();
    identity.authenticated(bucket, 'sigv4', 'accepted', 0.0003, span);
    const server = { hostname: 's3.example', port: 443 };
    stores[i % 3]!.attempted({ operation, resends: 0, server, status: 200, ...SUCCEEDED, seconds, span });
    requests.requestFinished({
      ...ids,
      bucket,
      operation,
      status: 200,
      attributes,
      httpRoute: '/photos/{key}',
      errorType: undefined,
      bytes: 1000,
      seconds,
      clientWaitSeconds: 0.01,
      storeWaitSeconds: 0.01,
    });
  }
}

for (let round = 0; round <= ROUNDS; round++) {
  const before = process.cpuUsage();
  measured();
  const { user, system } = process.cpuUsage(before);
  // The first round compiles.
  if (round > 0)
    console.log(`${Math.round(((user + system) * 1000) / REQUESTS)} ns of CPU for the metrics of a request`);
}
for (let i = 0; i < 500; i++)
  for (let value = 0.001; value < 10; value *= 1.1)
    registry.observe('mizuchi_upload_duration_seconds', [`bucket-${i}`, 'PutObject'], value, ids);
for (const [format, accept] of Object.entries(FORMATS)) {
  for (let round = 0; round < ROUNDS; round++) expose(registry, accept);
  const start = performance.now();
  const { body } = expose(registry, accept);
  const millis = (performance.now() - start).toFixed(1);
  console.log(`${millis} ms, ${Buffer.byteLength(body)} bytes for a scrape of 500 histograms: ${format}`);
}
