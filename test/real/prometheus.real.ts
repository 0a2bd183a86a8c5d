import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { METRICS } from '../../src/metrics/catalogue.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, RawStore } from '../support/raw-store.ts';
import { endWithUs } from './support/end-with-us.ts';
import { eventually } from './support/eventually.ts';
import { freePorts } from './support/free-ports.ts';
import { binary, type RealServer, startRealServer } from './support/real-server.ts';

interface ExemplarSeries {
  readonly seriesLabels: Record<string, string>;
  readonly exemplars: readonly { readonly labels: Record<string, string>; readonly value: string }[];
}

describe('metrics in a real Prometheus', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: GatewayProcess;
  let prometheus: RealServer;
  let api: string;
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
    const [port] = await freePorts(1);
    api = `http://127.0.0.1:${port}`;
    prometheus = await startRealServer({
      name: 'prometheus',
      args: async (folder) => {
        const file = join(folder, 'prometheus.yml');
        const targets = JSON.stringify([new URL(gateway.metricsUrl).host]);
        await writeFile(
          file,
          `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: gateway, static_configs: [{ targets: ${targets} }] }]\n`,
        );
        const storage = ['--storage.tsdb.path', join(folder, 'data'), '--enable-feature=exemplar-storage'];
        return ['--config.file', file, '--web.listen-address', `127.0.0.1:${port}`, ...storage];
      },
      healthUrl: `${api}/-/ready`,
    });
  });
  after(async () => {
    await prometheus.stop();
    await gateway.stop();
    await collector.close();
    await store.close();
  });

  async function query<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${api}/api/v1/${path}`)).json()) as { status: string; data: T };
    assert.equal(answer.status, 'success');
    return answer.data;
  }

  it('are text that promtool has nothing to say against', async () => {
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
        const series = await query<ExemplarSeries[]>(`query_exemplars?query=${metric}&${range}`);
        return series.flatMap(({ exemplars }) => exemplars).find(({ labels }) => labels.trace_id === traceId);
      });
      assert.equal(exemplar.labels.span_id, spanId);
    }
  });

  it('are the figures of what was done', async () => {
    const before = await counted();
    for (let i = 0; i < 3; i++) await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    assert.equal(
      await eventually('three more uploads', async () => ((await counted()) === before + 3 ? before + 3 : undefined)),
      before + 3,
    );
  });

  interface Dashboard {
    readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  }
  interface Vector {
    readonly result: readonly { readonly value: readonly [number, string] }[];
  }
  const deployed = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
  const ask = async (expression: string): Promise<Vector['result']> =>
    (await query<Vector>(`query?query=${encodeURIComponent(expression)}`)).result;

  it('are what the dashboard asks for: every query is answered, and the first ones with a figure', async () => {
    const { panels } = JSON.parse(await readFile(deployed('grafana/mizuchi-uploadr.json'), 'utf8')) as Dashboard;
    const queries = panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        title,
        expression: expr.replaceAll('$__rate_interval', '1m').replaceAll('$bucket', '.*'),
      })),
    );
    assert.ok(queries.length > 20);
    for (const { expression } of queries) assertMetricsOf(expression);
    for (const { expression } of queries) await ask(expression);
    const filled = ['Upload rate', 'Bytes', 'In flight', 'Duration', 'Where the time of an upload goes', 'Queue'];
    for (const { title, expression } of queries.filter((one) => filled.includes(one.title))) {
      await send(gateway.url, 'PUT', '/uploads/k', 'hello');
      const result = await eventually(`${title}: ${expression}`, async () => {
        const found = await ask(expression);
        return found.length > 0 && found.every(({ value }) => Number.isFinite(Number(value[1]))) ? found : undefined;
      });
      assert.ok(Number(result[0]!.value[1]) >= 0, expression);
    }
  });

  it('are what the alerts look at: promtool takes them, Prometheus answers each, and one fires where it should', async () => {
    const file = deployed('prometheus/alerts.yaml');
    const checked = spawnSync(binary('promtool'), ['check', 'rules', file], { encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    const { groups } = parse(await readFile(file, 'utf8')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    assert.ok(rules.length >= 8);
    for (const { expr } of rules) assertMetricsOf(expr);
    for (const { alert, expr } of rules) {
      if (alert !== 'MizuchiUploadsFail') assert.deepEqual(await ask(expr), [], `${alert} fires, and nothing is wrong`);
    }
    store.behaviour = answering(503, '<Error><Code>SlowDown</Code></Error>');
    const { expr } = rules.find(({ alert }) => alert === 'MizuchiUploadsFail')!;
    await eventually('uploads fail', async () => {
      await send(gateway.url, 'PUT', '/uploads/k', 'hello');
      return (await ask(expr)).length > 0 || undefined;
    });
  });

  function assertMetricsOf(expression: string): void {
    for (const [name] of expression.matchAll(/mizuchi_\w+/g)) {
      const family = name!.replace(/_(total|bucket|sum|count)$/, '');
      assert.ok(Object.hasOwn(METRICS, family), `${name} in ${expression}`);
    }
  }

  async function counted(): Promise<number> {
    const selector = encodeURIComponent(
      'mizuchi_uploads_total{bucket="uploads",operation="PutObject",result="success"}',
    );
    const { result } = await query<Vector>(`query?query=${selector}`);
    return Number(result[0]?.value[1] ?? 0);
  }
});
