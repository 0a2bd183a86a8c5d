import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { endWithUs } from './support/end-with-us.ts';
import { eventually } from './support/eventually.ts';
import { Prometheus } from './support/prometheus.ts';
import { binary } from './support/real-server.ts';

interface ExemplarSeries {
  readonly seriesLabels: Record<string, string>;
  readonly exemplars: readonly { readonly labels: Record<string, string>; readonly value: string }[];
}

describe('metrics in a real Prometheus', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: GatewayProcess;
  let prometheus: Prometheus;
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    gateway = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [
        { name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' } },
      ],
      tracing: { otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' } },
      metrics: { port: 0 },
    });
    endWithUs(gateway.process);
    prometheus = await Prometheus.watching([gateway.metricsUrl]);
  });
  after(async () => {
    await prometheus.stop();
    await gateway.stop();
    await collector.close();
    await store.close();
  });

  it('are text that promtool accepts', async () => {
    await send(gateway.url, 'PUT', '/uploads/k', 'x');
    await send(gateway.url, 'GET', '/uploads/k');
    const { body } = await send(new URL(gateway.metricsUrl).origin, 'GET', '/metrics');
    const { status, stdout, stderr } = spawnSync(binary('promtool'), ['check', 'metrics'], {
      input: body,
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });

  it('lead from a duration to the trace of an upload that took it', async () => {
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const answer = await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent });
    const spanId = /"00-[0-9a-f]{32}-([0-9a-f]{16})-01"/.exec(String(answer.headers['server-timing']))![1];
    const range = `start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 600}`;
    for (const metric of [
      'mizuchi_upload_duration_seconds_bucket',
      'mizuchi_uploads_total',
      'mizuchi_upload_bytes_total',
    ]) {
      const exemplar = await eventually(`${metric} has the exemplar`, async () => {
        const series = await prometheus.get<ExemplarSeries[]>(`query_exemplars?query=${metric}&${range}`);
        return series.flatMap(({ exemplars }) => exemplars).find(({ labels }) => labels.trace_id === traceId);
      });
      assert.equal(exemplar.labels.span_id, spanId);
    }
  });

  it('are the figures of the uploads', async () => {
    const before = await counted();
    for (let i = 0; i < 3; i++) await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    assert.equal(
      await eventually('three more uploads', async () => ((await counted()) === before + 3 ? before + 3 : undefined)),
      before + 3,
    );
  });

  it('are native histograms where Prometheus accepts them, with their exemplars', async () => {
    const native = await Prometheus.watching([gateway.metricsUrl], ['native-histograms']);
    try {
      const traceId = randomBytes(16).toString('hex');
      const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
      await send(gateway.url, 'PUT', '/uploads/k', 'hello', { traceparent });
      const { body } = await send(new URL(gateway.metricsUrl).origin, 'GET', '/metrics');
      const count = /^mizuchi_upload_duration_seconds_count\{[^}]*\} (\d+)$/m.exec(body)![1];
      const sum = /^mizuchi_upload_duration_seconds_sum\{[^}]*\} (\S+)$/m.exec(body)![1];
      const histogram = 'mizuchi_upload_duration_seconds{operation="PutObject"}';
      const figure = async (expression: string): Promise<number | undefined> =>
        (await native.ask(expression))[0]?.value;
      await eventually('all uploads are counted', async () =>
        (await figure(`histogram_count(${histogram})`)) === Number(count) ? true : undefined,
      );
      assert.equal(await figure(`histogram_sum(${histogram})`), Number(sum));
      const median = (await figure(`histogram_quantile(0.5, ${histogram})`)) ?? 0;
      assert.ok(median > 0 && median < 1, `${median}`);
      const range = `start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 600}`;
      await eventually('the histogram has the exemplar', async () => {
        const series = await native.get<ExemplarSeries[]>(
          `query_exemplars?query=mizuchi_upload_duration_seconds&${range}`,
        );
        const all = series.flatMap(({ exemplars }) => exemplars);
        return all.find(({ labels }) => labels.trace_id === traceId);
      });
    } finally {
      await native.stop();
    }
  });

  async function counted(): Promise<number> {
    const selector = 'mizuchi_uploads_total{bucket="uploads",operation="PutObject",result="success"}';
    return (await prometheus.ask(selector))[0]?.value ?? 0;
  }
});
