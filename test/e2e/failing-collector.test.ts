/** Telemetry never holds up an upload: all three signals go to a collector that fails, and uploads go on as if it were not there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SIGNALS } from '../../src/export/signal.ts';
import { deadEndpoint, faultyServer, flood, garbage, hang, reset, trickle } from '../support/faulty-server.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';

interface Collector {
  readonly endpoint: string;
  close(): Promise<void>;
}

type Protocol = 'http/protobuf' | 'grpc';

const UPLOADS = 40;
/** Far more than an upload takes, and less than any timeout of an export: an upload that waits for one is seen. */
const SLOWEST_MILLIS = 2_000;
/** What the end may take: 5 s for all telemetry, and the start and the stop of a process on a busy machine. */
const END_MILLIS = 9_000;

const noServer = async (): Promise<Collector> => ({ endpoint: await deadEndpoint(), close: async () => {} });
const FAULTS: readonly (readonly [what: string, protocol: Protocol, open: () => Promise<Collector>])[] = [
  ['does not listen', 'http/protobuf', noServer],
  ['does not listen', 'grpc', noServer],
  ['accepts connections and does not respond', 'http/protobuf', () => faultyServer(hang)],
  ['accepts connections and does not respond', 'grpc', () => faultyServer(hang)],
  ['accepts calls and does not respond', 'grpc', () => receiveGrpc(() => undefined)],
  ['resets every connection', 'http/protobuf', () => faultyServer(reset)],
  ['responds byte by byte', 'http/protobuf', () => faultyServer(trickle)],
  ['responds with 400 MB', 'http/protobuf', () => faultyServer(flood)],
  ['does not speak the protocol', 'http/protobuf', () => faultyServer(garbage)],
  ['does not speak the protocol', 'grpc', () => faultyServer(garbage)],
  ['rejects the credentials', 'grpc', () => receiveGrpc(() => ({ code: 16 }))],
  [
    'is overloaded',
    'http/protobuf',
    () => receiveHttp((response) => void response.writeHead(503, { 'retry-after': '30' }).end()),
  ],
];

describe('uploads while the collector of all signals fails', { concurrency: 3 }, () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  after(() => store.close());

  function start(endpoint: string, protocol: Protocol): Promise<GatewayProcess> {
    const otlp = { endpoint, protocol, timeout_seconds: 3 };
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
    return startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { otlp, sampling: { strategy: 'always' }, batch: { scheduled_delay_millis: 50 } },
      metrics: { port: 0, otlp: { ...otlp, interval_seconds: 0.1 } },
      logging: { otlp },
    });
  }

  for (const [what, protocol, open] of FAULTS) {
    it(`are not held up by one that ${what}, over ${protocol}`, { timeout: 60_000 }, async () => {
      const collector = await open();
      const gateway = await start(collector.endpoint, protocol);
      for (let i = 0; i < UPLOADS; i++) {
        const began = performance.now();
        const { status } = await send(gateway.url, 'PUT', `/uploads/${i}`, 'hello');
        const took = performance.now() - began;
        assert.equal(status, 200);
        assert.ok(took < SLOWEST_MILLIS, `${Math.round(took)} ms`);
      }
      // Until every signal has left something in the queue or lost it.
      for (;;) {
        const figure = await readMetrics(gateway.metricsUrl);
        const seen = (signal: string): number =>
          figure('mizuchi_export_queue_items', `signal="${signal}"`) +
          figure('mizuchi_export_dropped_items_total', `signal="${signal}"`);
        if (Object.keys(SIGNALS).every((signal) => seen(signal) > 0)) break;
      }
      const figure = await readMetrics(gateway.metricsUrl);
      assert.equal(figure('mizuchi_export_exported_items_total'), 0);
      const began = performance.now();
      assert.equal(await gateway.stop(), 0);
      const took = performance.now() - began;
      await collector.close();
      assert.ok(took < END_MILLIS, `the end took ${Math.round(took)} ms`);
      const said = gateway.log.map(({ msg }) => msg);
      for (const { lines } of Object.values(SIGNALS)) {
        assert.equal(said.filter((line) => line === lines.failing).length, 1, lines.failing);
        const known: readonly unknown[] = Object.values(lines);
        assert.ok(said.filter((line) => known.includes(line)).length <= 3, lines.failing);
      }
    });
  }
});
