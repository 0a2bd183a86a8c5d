/** The configurations in examples/, run as they are: what they send, with which headers and in which encoding, reaches a receiver of OTLP. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { startApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { send } from '../support/http-client.ts';
import { receiveGrpc, receiveHttp } from '../support/otlp-receiver.ts';
import { keptLog } from '../support/tracing-config.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);
const folders = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

/** What else each of them needs in the environment, and what its backend would check. */
const MORE: Readonly<Record<string, { env?: Record<string, string>; headers?: Record<string, string> }>> = {
  honeycomb: {
    env: { HONEYCOMB_API_KEY: 'key-of-the-team', RATIO: '1' },
    headers: { 'x-honeycomb-team': 'key-of-the-team' },
  },
  tempo: { env: { TEMPO_TENANT: 'storage' }, headers: { 'x-scope-orgid': 'storage' } },
};

describe('the examples', () => {
  it('are the examples that the documents promise', () => {
    assert.deepEqual(folders.sort(), ['google-cloud', 'honeycomb', 'jaeger', 'tempo', 'xray']);
  });

  it('tell Grafana its data sources as it reads them: without a version it knows no jsonData, and exemplars lead nowhere', () => {
    const compose = parse(readFileSync(new URL('tempo/compose.yaml', EXAMPLES), 'utf8')) as {
      configs: { datasources: { content: string } };
    };
    const { apiVersion, datasources } = parse(compose.configs.datasources.content);
    assert.equal(apiVersion, 1);
    assert.ok(datasources.some(({ jsonData }: { jsonData?: object }) => jsonData !== undefined));
  });

  for (const name of folders) {
    const file = (path: string): string => readFileSync(new URL(`${name}/${path}`, EXAMPLES), 'utf8');

    it(`${name} sends the trace of an upload, as its backend wants it`, async (t) => {
      const store = await EmbeddedStore.start();
      t.after(() => store.close());
      const text = file('config.yaml');
      const isGrpc = text.includes('protocol: grpc');
      const receiver = await (isGrpc ? receiveGrpc() : receiveHttp());
      t.after(() => receiver.close());
      const { env = {}, headers = {} } = MORE[name] ?? {};
      const environment = {
        ADDRESS: '127.0.0.1:0',
        METRICS_ADDRESS: '127.0.0.1',
        METRICS_PORT: '0',
        STORE_ENDPOINT: store.url,
        STORE_ACCESS_KEY: STORE_KEYS.accessKey,
        STORE_SECRET_KEY: STORE_KEYS.secretKey,
        ...env,
      };
      const { compression } = parseConfig(text, `${name}/config.yaml`, environment).tracing.otlp;
      // The receiver is on this machine, the backend is not: only where it is sent to shall be different.
      const { tracing, ...rest } = parseConfig(text, `${name}/config.yaml`, {
        ...environment,
        OTLP_ENDPOINT: receiver.endpoint,
      });
      const config = { ...rest, tracing: { ...tracing, otlp: { ...tracing.otlp, compression } } };
      const log = { ...keptLog(), close: async () => {} };
      const app = await startApp(config, { log });
      const { status } = await send(`http://127.0.0.1:${app.port}`, 'PUT', '/uploads/hello.md', 'hello');
      await app.close();
      assert.equal(status, 200);
      const [received] = receiver.exports;
      assert.equal(received?.compressed, true);
      assert.equal(
        received.path,
        isGrpc ? '/opentelemetry.proto.collector.trace.v1.TraceService/Export' : '/v1/traces',
      );
      for (const [header, value] of Object.entries(headers)) assert.equal(received.headers[header], value);
      assert.deepEqual(
        receiver
          .spans()
          .map((span) => span.name)
          .sort(),
        ['auth.verify', 'aws.s3.put_object', 'http.server.request', 's3.upload'],
      );
      assert.match(JSON.stringify(received.requests[0]!.resource), /"deployment\.environment\.name".{0,30}"example"/);
    });

    it(`${name} has a compose file with the services that its configuration expects`, () => {
      const compose = parse(file('compose.yaml')) as { services: Record<string, { depends_on?: string[] }> };
      const { services } = compose;
      for (const needed of services.gateway!.depends_on!) assert.ok(Object.hasOwn(services, needed), needed);
      for (const [, host] of file('config.yaml').matchAll(/:-http:\/\/([a-z]+):\d+/g))
        assert.ok(Object.hasOwn(services, host!), host!);
    });

    it(`${name} passes on what its README tells to export`, () => {
      const { services } = parse(file('compose.yaml')) as { services: Record<string, object> };
      const [, exported = ''] = /^ +export ([^#\n]*)/m.exec(file('README.md')) ?? [];
      for (const [, variable] of exported.matchAll(/(\w+)=/g))
        assert.ok(JSON.stringify(services).includes(variable!), variable!);
    });
  }
});
