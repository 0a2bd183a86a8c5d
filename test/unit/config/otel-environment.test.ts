import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig, parseConfigWithSources } from '../../../src/config/parse-config.ts';

const LEAST = 'buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: AK, secret_key: SK } }]\n';
const tracingOf = (section: string, env: Record<string, string>) => parseConfig(`${LEAST}${section}`, 'f', env).tracing;
const ON = 'tracing: { enabled: true }\n';

describe("OpenTelemetry's variables", () => {
  it('count where the file says nothing', () => {
    const { config, sources } = parseConfigWithSources(`${LEAST}${ON}`, 'f', {
      OTEL_SERVICE_NAME: 'uploads-eu',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,team=a%2Cb,deployment.environment.name=prod',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/base',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Api-Key=s%20ecret, b=2',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_PROPAGATORS: 'tracecontext, b3',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_SCHEDULE_DELAY: '250',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
    });
    const { service_name, environment, resource, otlp, sampling, propagators, batch } = config.tracing;
    assert.deepEqual([service_name, environment, { ...resource }], ['uploads-eu', 'prod', { team: 'a,b' }]);
    assert.deepEqual(
      { ...otlp, headers: { ...otlp.headers } },
      {
        endpoint: 'http://collector:4318/base',
        traces_path: '/v1/traces',
        protocol: 'http/protobuf',
        headers: { 'x-api-key': 's ecret', b: '2' },
        timeout_seconds: 2.5,
        compression: 'none',
      },
    );
    assert.deepEqual([sampling.strategy, sampling.ratio, propagators], ['parent_based', 0.25, ['tracecontext', 'b3']]);
    assert.deepEqual(batch, {
      max_queue_size: 100,
      max_queue_bytes: 8_388_608,
      scheduled_delay_millis: 250,
      max_export_batch_size: 50,
    });
    assert.equal(sources.get('tracing.otlp.endpoint'), 'OTEL_EXPORTER_OTLP_ENDPOINT');
    assert.equal(sources.get('tracing.otlp.headers'), 'OTEL_EXPORTER_OTLP_HEADERS');
  });

  it('stand under the file, and those for traces over the general ones', () => {
    const env = {
      OTEL_SERVICE_NAME: 'theirs',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general:4317',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=theirs',
      OTEL_RESOURCE_ATTRIBUTES: 'team=theirs,zone=z',
      OTEL_TRACES_SAMPLER: 'always_off',
    };
    assert.equal(tracingOf(ON, env).otlp.endpoint, 'http://traces:4317');
    const file =
      'tracing: { service_name: ours, otlp: { endpoint: "http://ours:4317", headers: { a: ours } }, resource: { team: ours }, sampling: { ratio: 0.5 } }\n';
    const { service_name, otlp, resource, sampling } = tracingOf(file, env);
    assert.deepEqual([service_name, otlp.endpoint, { ...otlp.headers }], ['ours', 'http://ours:4317', { a: 'ours' }]);
    assert.deepEqual({ ...resource }, { team: 'ours', zone: 'z' });
    assert.deepEqual([sampling.strategy, sampling.ratio], ['parent_based', 0.5]);
  });

  it('that are empty are none, and the endpoint follows the protocol', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_SERVICE_NAME: '', OTEL_TRACES_SAMPLER: '' };
    const { service_name, otlp } = tracingOf(ON, env);
    assert.deepEqual([service_name, otlp.endpoint], ['mizuchi-uploadr', 'http://localhost:4318']);
  });

  it('have what leaves this machine compressed, wherever the endpoint comes from', () => {
    const compressionOf = (env: Record<string, string>, file = ON): string => tracingOf(file, env).otlp.compression;
    const remote = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };
    const local = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' };
    const remoteFile = 'tracing: { otlp: { endpoint: "http://collector:4317" } }\n';
    assert.equal(compressionOf({}), 'none');
    assert.equal(compressionOf(remote), 'gzip');
    assert.equal(compressionOf(local, remoteFile), 'gzip', 'the file stands over the environment');
    assert.equal(compressionOf({ ...remote, OTEL_EXPORTER_OTLP_COMPRESSION: 'none' }), 'none');
    assert.equal(compressionOf({ ...local, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }), 'gzip');
    const said = 'tracing: { otlp: { compression: none } }\n';
    assert.equal(compressionOf(remote, said), 'none');
  });

  it('that make the queue small make the batches small, and none may be larger than the queue', () => {
    const queue = { OTEL_BSP_MAX_QUEUE_SIZE: '10' };
    assert.equal(tracingOf(ON, queue).batch.max_export_batch_size, 10);
    assert.throws(
      () => tracingOf(ON, { ...queue, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '20' }),
      /^ConfigError: OTEL_BSP_MAX_QUEUE_SIZE.* is larger than max_queue_size, which is 10/,
    );
  });

  it('take the URL for traces as it is, and an address alone with gRPC', () => {
    const http = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };
    const exact = tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/custom' }).otlp;
    assert.deepEqual([exact.endpoint, exact.traces_path], ['http://h:4318/custom', '']);
    const base = tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/base' }).otlp;
    assert.deepEqual([base.endpoint, base.traces_path], ['http://h:4318/base', '/v1/traces']);
    const file = 'tracing: { otlp: { endpoint: "http://ours:4318", protocol: http/protobuf } }\n';
    const ours = tracingOf(file, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/custom' }).otlp;
    assert.deepEqual([ours.endpoint, ours.traces_path], ['http://ours:4318', '/v1/traces']);
    const bare = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' };
    assert.equal(tracingOf(ON, bare).otlp.endpoint, 'https://collector:4317');
    assert.equal(
      tracingOf(ON, { ...bare, OTEL_EXPORTER_OTLP_INSECURE: 'True' }).otlp.endpoint,
      'http://collector:4317',
    );
  });

  it('name the files for TLS, and can choose the console', () => {
    const env = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: '/cert.pem',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key.pem',
      OTEL_TRACES_EXPORTER: 'console',
    };
    const { otlp, exporter } = tracingOf(ON, env);
    assert.deepEqual({ ...otlp.tls }, { ca_file: '/ca.pem', cert_file: '/cert.pem', key_file: '/key.pem' });
    assert.equal(exporter, 'console');
  });

  for (const env of [{ OTEL_SDK_DISABLED: 'TRUE' }, { OTEL_TRACES_EXPORTER: 'none' }])
    it(`can switch tracing off: ${Object.keys(env)}`, () => assert.equal(tracingOf(ON, env as never).enabled, false));

  it('mean nothing while tracing is off', () => {
    const env = { OTEL_TRACES_SAMPLER: 'nonsense', OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' };
    assert.deepEqual(tracingOf('', env), tracingOf('', {}));
  });

  for (const [name, value, wanted] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json', /neither|not one of|write/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://collector:4317', /URL/],
    ['OTEL_EXPORTER_OTLP_CLIENT_KEY', 'key.pem', /cert_file and key_file/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4317/base', /has a path, which gRPC does not use/],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'soon', /docs\/variables\.md/],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /docs\/variables\.md/],
    ['OTEL_PROPAGATORS', 'jaeger', /propagator that is not offered/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', /key=value/],
    ['OTEL_TRACES_EXPORTER', 'zipkin', /otlp, console/],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0', /./],
  ] as const) {
    it(`are not skipped where they make no sense: ${name}=${value}`, () => {
      assert.throws(
        () => tracingOf(ON, { [name]: value }),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, new RegExp(`^${name}:`));
          assert.match(error.message, wanted);
          assert.ok(!error.message.includes('secret'), 'a value may be a secret');
          return true;
        },
      );
    });
  }

  it('are all in docs/variables.md', () => {
    const source = readFileSync(new URL('../../../src/config/otel-environment.ts', import.meta.url), 'utf8');
    const page = readFileSync(new URL('../../../docs/variables.md', import.meta.url), 'utf8');
    const names = [...source.matchAll(/'(OTEL_\w+)'/g)].map(([, name]) => name!);
    assert.ok(names.length >= 10);
    for (const name of names) assert.ok(page.includes(`\`${name}\``), name);
    for (const [, name] of source.matchAll(/otlp\('(\w+)'\)/g))
      assert.ok(page.includes(`\`OTEL_EXPORTER_OTLP_TRACES_${name}\``), name!);
  });
});
