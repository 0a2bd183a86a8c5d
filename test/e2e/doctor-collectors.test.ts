/** `mizuchi-uploadr doctor` and the collectors of spans, metrics and log lines: what is tried, and what to do about each kind of trouble. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { doctor } from '../../src/cli/doctor.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { deadEndpoint, faultyServer, hang } from '../support/faulty-server.ts';
import { receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
import { plainAttributes, receiveSignals } from '../support/otlp-signals.ts';
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from '../support/test-authority.ts';

const KEY = 'the-key-of-the-collector';

describe('doctor, of collectors', () => {
  let folder: string;
  let store: EmbeddedStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-doctor-'));
    store = await EmbeddedStore.start();
  });
  after(() => Promise.all([store.close(), rm(folder, { recursive: true })]));

  async function ask(sections: object) {
    const { accessKey: access_key, secretKey: secret_key } = STORE_KEYS;
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key, secret_key };
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify({ buckets: [{ name: 'uploads', s3 }], ...sections }));
    let said = '';
    const code = await doctor(file, {}, (text) => void (said += text));
    assert.ok(!said.includes(KEY), said);
    return { code, said };
  }
  const headers = { 'x-api-key': KEY };

  it('sends a span whatever is sampled, for whom, and how many of them', async (t) => {
    const collector = await receiveHttp();
    t.after(() => collector.close());
    const { code, said } = await ask({
      tracing: {
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        sampling: {
          strategy: 'never',
          overrides: [{ ratio: 0 }, { bucket: 'uploads', strategy: 'never' }],
          max_traces_per_second: 0.001,
          keep: { errors: false },
        },
      },
    });
    assert.equal(code, 0, said);
    assert.equal(collector.spans().length, 1);
  });

  for (const tracing of [{ exporter: 'console' }, { provider: 'global' }, { enabled: false }] as const) {
    it(`sends a metric and a line of the log as well, with tracing ${JSON.stringify(tracing)}`, async (t) => {
      const collector = await receiveSignals();
      t.after(() => collector.close());
      const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf', headers };
      const { code, said } = await ask({ tracing, metrics: { otlp }, logging: { otlp } });
      assert.equal(code, 0, said);
      assert.match(said, /✓ collector http:\S+, metrics: it accepted a metric: mizuchi_doctor\n/);
      assert.match(said, /✓ collector http:\S+, log: it accepted a line of the log\n/);
      const metrics = await collector.until(({ path }) => path === '/v1/metrics');
      const [resource] = metrics.body.resourceMetrics;
      assert.equal(resource.scopeMetrics[0].metrics[0].name, 'mizuchi_doctor');
      assert.equal(plainAttributes(resource.resource.attributes)['service.name'], 'mizuchi-uploadr');
      const logs = await collector.until(({ path }) => path === '/v1/logs');
      assert.match(logs.body.resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue, /mizuchi-uploadr doctor/);
      assert.deepEqual(
        [metrics, logs].map((signal) => signal.headers['x-api-key']),
        [KEY, KEY],
      );

      const dead = { ...otlp, endpoint: await deadEndpoint(), timeout_seconds: 0.5 };
      const refused = await ask({ tracing, metrics: { otlp: dead }, logging: { otlp: dead } });
      assert.equal(refused.code, 1);
      for (const section of ['metrics', 'logging'])
        assert.match(refused.said, new RegExp(`✗ .*ECONNREFUSED.*\\n +nothing listens on .*check ${section}\\.otlp`));
      assert.match(refused.said, /\n2 of 4 checks failed\.\n$/);
    });
  }

  /** @returns its endpoint. */
  type Listen = (t: { after(run: () => unknown): void }) => Promise<string>;
  const listening = async (t: { after(run: () => unknown): void }, server: Server): Promise<string> => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const answering =
    (status: number): Listen =>
    (t) =>
      listening(
        t,
        createServer((request, response) => {
          request.resume();
          response.writeHead(status).end('who are you?');
        }),
      );
  const grpc =
    (...how: Parameters<typeof receiveGrpc>): Listen =>
    async (t) => {
      const receiver = await receiveGrpc(...how);
      t.after(() => receiver.close());
      return receiver.endpoint;
    };
  const tls = { key: SERVER_KEY, cert: SERVER_CERTIFICATE };
  const overHttps = (t: Parameters<Listen>[0], answer?: RequestListener) =>
    listening(t, createTlsServer(tls, answer) as Server);
  const secret: Listen = (t) => overHttps(t);
  const overTls =
    (listen: Listen): Listen =>
    async (t) =>
      (await listen(t)).replace('http://127.0.0.1', 'https://localhost');
  const hanging: Listen = async (t) => {
    const server = await faultyServer(hang);
    t.after(() => server.close());
    return server.endpoint;
  };

  it('connects with the certificates and headers from files, for all signals, and reports unusable ones', async (t) => {
    const asked: unknown[] = [];
    const answer: RequestListener = (request, response) => {
      asked.push([request.url, request.headers['x-api-key']]);
      request.resume();
      response.end();
    };
    const endpoint = (await overHttps(t, answer)).replace('http://127.0.0.1', 'https://localhost');
    await writeFile(join(folder, 'ca.pem'), AUTHORITY);
    await writeFile(join(folder, 'headers'), `X-Api-Key: ${KEY}\n`);
    const otlp = { endpoint, protocol: 'http/protobuf', headers_file: 'headers', tls: { ca_file: 'ca.pem' } };
    const { code, said } = await ask({ tracing: { otlp }, metrics: { otlp }, logging: { otlp } });
    assert.equal(code, 0, said);
    assert.deepEqual(
      asked.sort(),
      ['/v1/logs', '/v1/metrics', '/v1/traces'].map((path) => [path, KEY]),
    );

    const lost = { ...otlp, headers_file: 'nowhere' };
    const failed = await ask({ metrics: { otlp: lost }, logging: { otlp: lost } });
    assert.equal(failed.code, 1);
    for (const section of ['metrics', 'logging'])
      assert.match(failed.said, new RegExp(`✗ .*${section}\\.otlp: ENOENT.*nowhere`));
  });

  const BOTH = ['tracing', 'metrics', 'logging'] as const;
  const SPANS = ['tracing'] as const;
  for (const [what, protocol, listen, sections, wanted] of [
    ['a key that it does not know', 'http/protobuf', answering(401), BOTH, /HTTP 401.*\n.*key in \w+\.otlp\.headers/],
    [
      'a key that it does not know',
      'grpc',
      grpc(() => ({ code: 16, details: 'no such key' })),
      SPANS,
      /UNAUTHENTICATED no such key\n.*tracing\.otlp\.headers or headers_file/,
    ],
    [
      'another path',
      'http/protobuf',
      answering(404),
      BOTH,
      /HTTP 404.*\n.*accepts nothing under this path: check \w+\.otlp\.endpoint/,
    ],
    [
      'no such service',
      'grpc',
      grpc(() => ({ code: 12, details: 'unknown service' })),
      SPANS,
      /UNIMPLEMENTED.*\n.*does not accept this signal/,
    ],
    [
      'an unknown authority',
      'http/protobuf',
      overTls(secret),
      BOTH,
      /(UNABLE_TO_VERIFY|first certificate).*\n.*\w+\.otlp\.tls\.ca_file/,
    ],
    [
      'an unknown authority',
      'grpc',
      overTls(grpc(undefined, 0, tls)),
      SPANS,
      /certificate.*\n.*tracing\.otlp\.tls\.ca_file/,
    ],
    [
      'the port of gRPC',
      'http/protobuf',
      grpc(),
      BOTH,
      /(HPE_|Parse Error).*\n.*does not speak http\/protobuf: port 4317 is usually grpc/,
    ],
    [
      'the port of HTTP',
      'grpc',
      answering(200),
      BOTH,
      /Protocol error.*\n.*does not speak grpc: .*4318 http\/protobuf/,
    ],
    ['no TLS', 'http/protobuf', overTls(answering(200)), BOTH, /EPROTO.*\n.*write http:\/\/ into \w+\.otlp\.endpoint/],
    ['TLS', 'grpc', secret, BOTH, /Failed to connect.*\n.*https:\/\/ in \w+\.otlp\.endpoint/],
    [
      'nobody there',
      'grpc',
      deadEndpoint,
      BOTH,
      /ECONNREFUSED.*\n.*nothing listens on 127\.0\.0\.1, port \d+: is the collector running/,
    ],
    ['no answer', 'http/protobuf', hanging, BOTH, /no response in time.*\n.*firewall or a proxy/],
    ['no answer', 'grpc', hanging, BOTH, /DEADLINE_EXCEEDED.*\n.*firewall or a proxy/],
    ['a fault of its own', 'http/protobuf', answering(503), BOTH, /(HTTP 503|retryable).*\n.*its own log/],
  ] as const) {
    it(`gives a hint about ${what}, over ${protocol}, to ${sections}`, { timeout: 30_000 }, async (t) => {
      const otlp = { endpoint: await listen(t), protocol, headers, timeout_seconds: 1 };
      const { code, said } = await ask(Object.fromEntries(sections.map((name) => [name, { otlp }])));
      assert.equal(code, 1);
      const complaints = [...said.matchAll(/✗ .*\n.*/g)].map(([text]) => text);
      assert.equal(complaints.length, sections.length, said);
      for (const text of complaints) assert.match(text, wanted);
    });
  }
});
