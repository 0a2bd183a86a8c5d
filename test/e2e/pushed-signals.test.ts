/** Metrics and logs, sent to a collector as well: what arrives is what Prometheus and the log say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { SCHEMA_URL } from '../../src/export/otlp/resource.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { plainAttributes, receiveSignals, type SignalReceiver } from '../support/otlp-signals.ts';
import { RawStore } from '../support/raw-store.ts';

describe('metrics and logs over OTLP', () => {
  let store: RawStore;
  let collector: SignalReceiver;
  before(async () => {
    store = await RawStore.start();
    collector = await receiveSignals();
  });
  after(async () => {
    await collector.close();
    await store.close();
  });
  const configOf = (more: object) => ({
    server: { address: '127.0.0.1:0' },
    buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' } }],
    tracing: { service_name: 'pushing', exporter: 'console', sampling: { strategy: 'never' } },
    metrics: { port: 0 },
    ...more,
  });

  it('are the metrics that Prometheus scrapes and the lines of the log, with the ids of the trace', async () => {
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf', headers: { 'x-tenant': 'seven' } };
    const config = { metrics: { port: 0, otlp: { ...otlp, interval_seconds: 0.2 } }, logging: { otlp } };
    const gateway = await startGatewayProcess(configOf(config));
    for (const key of ['a', 'b', 'c']) await send(gateway.url, 'PUT', `/uploads/${key}`, 'hello');
    await send(gateway.url, 'GET', '/uploads/a');
    const shown = await (await fetch(gateway.metricsUrl)).text();
    assert.match(shown, /^mizuchi_uploads_total\{bucket="uploads",operation="PutObject",result="success"\} 3$/m);
    const uploadsIn = ({ body }: (typeof collector.received)[number]): number =>
      metricsOf(body).get('mizuchi_uploads')?.sum.dataPoints?.[0]?.asDouble ?? 0;
    const pushed = await collector.until((one) => one.path === '/v1/metrics' && uploadsIn(one) === 3);
    assert.equal(pushed.headers['x-tenant'], 'seven');
    const metrics = metricsOf(pushed.body);
    const { sum } = metrics.get('mizuchi_uploads')!;
    assert.deepEqual([sum.isMonotonic, sum.aggregationTemporality], [true, 2]);
    assert.deepEqual(plainAttributes(sum.dataPoints[0].attributes), {
      bucket: 'uploads',
      operation: 'PutObject',
      result: 'success',
    });
    const { histogram, unit } = metrics.get('mizuchi_upload_duration_seconds')!;
    const [point] = histogram.dataPoints;
    assert.deepEqual([unit, point.count, point.bucketCounts.length], ['s', 3, point.explicitBounds.length + 1]);
    assert.equal(metrics.get('mizuchi_connections')?.gauge.dataPoints.length, 1);
    assert.doesNotMatch(shown, /http[._](server|client)/);
    assert.deepEqual(pointsOf(metrics.get('http.server.request.duration')), [
      [
        3,
        {
          'http.request.method': 'PUT',
          'http.response.status_code': 200,
          'http.route': '/uploads/{key}',
          'network.protocol.version': '1.1',
          'url.scheme': 'http',
        },
      ],
      [
        1,
        {
          'error.type': 'method_not_allowed',
          'http.request.method': 'GET',
          'http.response.status_code': 405,
          'http.route': '/uploads/{key}',
          'network.protocol.version': '1.1',
          'url.scheme': 'http',
        },
      ],
    ]);
    assert.deepEqual(pointsOf(metrics.get('http.client.request.duration')), [
      [
        3,
        {
          'http.request.method': 'PUT',
          'http.response.status_code': 200,
          'server.address': '127.0.0.1',
          'server.port': Number(new URL(store.url).port),
        },
      ],
    ]);
    const resource = plainAttributes(pushed.body.resourceMetrics[0].resource.attributes);
    assert.equal(resource['service.name'], 'pushing');
    assert.equal(resource['telemetry.sdk.name'], 'mizuchi-uploadr');
    const [sentMetrics] = pushed.body.resourceMetrics;
    assert.deepEqual([sentMetrics.schemaUrl, sentMetrics.scopeMetrics[0].schemaUrl], [SCHEMA_URL, SCHEMA_URL]);

    assert.equal(await gateway.stop(), 0);
    const records = collector.received
      .filter(({ path }) => path === '/v1/logs')
      .flatMap(({ body }) => body.resourceLogs.flatMap(({ scopeLogs }: never) => scopeLogs))
      .flatMap(({ logRecords }) => logRecords);
    const [sentLogs] = collector.received.find(({ path }) => path === '/v1/logs')!.body.resourceLogs;
    assert.deepEqual([sentLogs.schemaUrl, sentLogs.scopeLogs[0].schemaUrl], [SCHEMA_URL, SCHEMA_URL]);
    assert.equal(plainAttributes(sentLogs.resource.attributes)['telemetry.sdk.name'], 'mizuchi-uploadr');
    const lines = gateway.log.filter(({ msg }) => msg === 'request');
    const sent = records.filter(({ body }) => body.stringValue === 'request');
    assert.deepEqual(
      sent.map(({ traceId }) => Buffer.from(traceId, 'base64').toString('hex')),
      lines.map(({ trace_id }) => trace_id),
    );
    assert.deepEqual(
      sent.map(({ severityText }) => severityText),
      ['INFO', 'INFO', 'INFO', 'WARN'],
    );
    assert.deepEqual([...new Set(sent.map(({ eventName }) => eventName))], ['mizuchi.request']);
    assert.equal(plainAttributes(sent[0].attributes)['url.path'], '/uploads/a');
    const {
      'error.type': type,
      'http.request.method': method,
      'http.response.status_code': status,
      'client.address': client,
      's3.operation': operation,
    } = plainAttributes(sent[3].attributes);
    assert.deepEqual(
      [type, method, Number(status), client, operation],
      ['method_not_allowed', 'GET', 405, '127.0.0.1', 'GetObject'],
    );
  });

  it('that no collector accepts cost no upload, one line a minute for each signal, and no more than their time at the end', async () => {
    const otlp = { endpoint: 'http://127.0.0.1:1', protocol: 'http/protobuf', timeout_seconds: 0.2 };
    const config = { metrics: { port: 0, otlp: { ...otlp, interval_seconds: 0.1 } }, logging: { otlp } };
    const gateway = await startGatewayProcess(configOf(config));
    assert.equal((await send(gateway.url, 'PUT', '/uploads/a', 'hello')).status, 200);
    for (const message of ['metrics are not delivered', 'log records are not delivered'])
      await gateway.logged(({ msg }) => msg === message);
    assert.equal(await gateway.stop(), 0);
    for (const message of ['metrics are not delivered', 'log records are not delivered'])
      assert.equal(gateway.log.filter(({ msg }) => msg === message).length, 1);
  });

  it('go over gRPC as well', async (t) => {
    const calls = new Map<string, IncomingHttpHeaders>();
    const server = http2.createServer().on('stream', (stream: ServerHttp2Stream, headers) => {
      calls.set(String(headers[':path']), headers);
      stream
        .on('error', () => {})
        .respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.resume().once('end', () => stream.end(Buffer.alloc(5)));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const otlp = { endpoint, protocol: 'grpc', headers: { 'x-tenant': 'seven' } };
    const gateway = await startGatewayProcess(configOf({ metrics: { port: 0, otlp }, logging: { otlp } }));
    await send(gateway.url, 'PUT', '/uploads/a', 'hello');
    assert.equal(await gateway.stop(), 0);
    assert.deepEqual([...calls.keys()].sort(), [
      '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    ]);
    for (const headers of calls.values()) assert.equal(headers['x-tenant'], 'seven');
  });

  it('have no more than 5 s in all at the end, with the spans, whatever the collector does', async (t) => {
    const silent = createServer((socket) => void socket.on('error', () => {}).resume());
    const trickling = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': '100000' });
      const drip = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(drip));
    });
    const sockets = new Set<Socket>();
    for (const server of [silent, trickling]) {
      server.on('connection', (socket: Socket) => void sockets.add(socket));
      await once(server.listen(0, '127.0.0.1'), 'listening');
    }
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      for (const server of [silent, trickling]) server.close();
    });
    const endOf = async (server: Server, protocol: string): Promise<void> => {
      const otlp = { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol };
      const gateway = await startGatewayProcess(
        configOf({ tracing: { otlp }, metrics: { port: 0, otlp }, logging: { otlp } }),
      );
      assert.equal((await send(gateway.url, 'PUT', '/uploads/a', 'hello')).status, 200);
      const began = performance.now();
      assert.equal(await gateway.stop(), 0);
      const took = performance.now() - began;
      // One after the other it would be fifteen.
      assert.ok(took < 9_000, `${protocol}: ${Math.round(took)} ms`);
      const said = gateway.log.map(({ msg }) => msg);
      for (const line of ['spans are not delivered', 'metrics are not delivered', 'log records are not delivered'])
        assert.ok(said.includes(line), `${protocol}: ${line}`);
    };
    await Promise.all([endOf(silent, 'http/protobuf'), endOf(silent, 'grpc'), endOf(trickling, 'http/protobuf')]);
  });

  // biome-ignore lint/suspicious/noExplicitAny: what protobufjs gives has no type
  function metricsOf(body: any): Map<string, any> {
    const all = body.resourceMetrics.flatMap(({ scopeMetrics }: never) => scopeMetrics as never);
    // biome-ignore lint/suspicious/noExplicitAny: the same
    return new Map(all.flatMap(({ metrics }: any) => metrics ?? []).map((metric: any) => [metric.name, metric]));
  }

  /** Count and attributes of each series; integers as numbers. */
  // biome-ignore lint/suspicious/noExplicitAny: the same
  function pointsOf(metric: any): [number, Record<string, unknown>][] {
    // biome-ignore lint/suspicious/noExplicitAny: the same
    const attributeOf = ({ key, value }: any) => [
      key,
      value.intValue === undefined ? value.stringValue : Number(value.intValue),
    ];
    // biome-ignore lint/suspicious/noExplicitAny: the same
    return metric.histogram.dataPoints.map(({ count, attributes }: any) => [
      Number(count),
      Object.fromEntries(attributes.map(attributeOf)),
    ]);
  }
});
