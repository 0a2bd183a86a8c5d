import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig, parseConfigWithSources } from '../../../src/config/parse-config.ts';
import { warningText } from '../../../src/config/variable-warning.ts';
import { exportUrl } from '../../../src/export/thread/create-exporter.ts';

const LEAST = 'buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: AK, secret_key: SK } }]\n';
const tracingOf = (section: string, env: Record<string, string>) => parseConfig(`${LEAST}${section}`, 'f', env).tracing;
const ON = 'tracing: { enabled: true }\n';
const read = (section: string, env: Record<string, string>) => {
  const { config, warnings } = parseConfigWithSources(`${LEAST}${section}`, 'f', env);
  return { ...config.tracing, warnings: warnings.map(warningText) };
};

/** What the official SDK reads. */
function officialAttributes(text: string): object {
  process.env.OTEL_RESOURCE_ATTRIBUTES = text;
  try {
    return resourceFromAttributes(envDetector.detect().attributes ?? {}).attributes;
  } finally {
    delete process.env.OTEL_RESOURCE_ATTRIBUTES;
  }
}

describe("OpenTelemetry's variables", () => {
  it('apply to settings that the file does not set', () => {
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

  it('have lower precedence than the file, and those for traces override the general ones', () => {
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

  it('count as unset if they are empty, and the endpoint follows the protocol', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_SERVICE_NAME: '', OTEL_TRACES_SAMPLER: '' };
    const { service_name, otlp } = tracingOf(ON, env);
    assert.deepEqual([service_name, otlp.endpoint], ['mizuchi-uploadr', 'http://localhost:4318']);
  });

  it('enable compression for endpoints on other hosts', () => {
    const compressionOf = (env: Record<string, string>, file = ON): string => tracingOf(file, env).otlp.compression;
    const remote = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };
    const local = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' };
    const remoteFile = 'tracing: { otlp: { endpoint: "http://collector:4317" } }\n';
    assert.equal(compressionOf({}), 'none');
    assert.equal(compressionOf(remote), 'gzip');
    assert.equal(compressionOf(local, remoteFile), 'gzip', 'the file overrides the environment');
    assert.equal(compressionOf({ ...remote, OTEL_EXPORTER_OTLP_COMPRESSION: 'none' }), 'none');
    assert.equal(compressionOf({ ...local, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }), 'gzip');
    const said = 'tracing: { otlp: { compression: none } }\n';
    assert.equal(compressionOf(remote, said), 'none');
  });

  it('limit the batch size to the queue size', () => {
    const queue = { OTEL_BSP_MAX_QUEUE_SIZE: '10' };
    assert.equal(tracingOf(ON, queue).batch.max_export_batch_size, 10);
    const both = read(ON, { ...queue, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '20' });
    assert.deepEqual([both.batch.max_queue_size, both.batch.max_export_batch_size], [10, 10]);
    assert.match(
      both.warnings.join(),
      /^OTEL_BSP_MAX_EXPORT_BATCH_SIZE="20" .*; tracing\.batch\.max_export_batch_size is 10$/,
    );
    const file = read('tracing: { batch: { max_export_batch_size: 20 } }\n', queue);
    assert.deepEqual([file.batch.max_queue_size, file.batch.max_export_batch_size], [8192, 20]);
    assert.match(file.warnings.join(), /^OTEL_BSP_MAX_QUEUE_SIZE="10" .*; tracing\.batch\.max_queue_size is 8192$/);
  });

  it('accept an exact URL for traces, and an endpoint without a scheme with gRPC', () => {
    const http = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };
    const exact = tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/custom' }).otlp;
    assert.deepEqual([exact.endpoint, exact.traces_path], ['http://h:4318/custom', '']);
    const base = tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/base' }).otlp;
    assert.deepEqual([base.endpoint, base.traces_path], ['http://h:4318/base', '/v1/traces']);
    const file = 'tracing: { otlp: { endpoint: "http://ours:4318", protocol: http/protobuf } }\n';
    const ours = tracingOf(file, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/custom' }).otlp;
    assert.deepEqual([ours.endpoint, ours.traces_path], ['http://ours:4318', '/v1/traces']);
    for (const url of ['http://h:4318/ingest/traces/', 'http://h:4318/', 'http://h:4318//a//'])
      assert.equal(tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url }).otlp.endpoint, url);
    assert.equal(
      tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/base/' }).otlp.endpoint,
      'http://h:4318/base',
    );
    const twice = tracingOf(ON, { ...http, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/v1/traces' }).otlp;
    assert.equal(exportUrl(twice.endpoint, twice.traces_path), 'http://h:4318/v1/traces/v1/traces');
    const bare = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' };
    assert.equal(tracingOf(ON, bare).otlp.endpoint, 'https://collector:4317');
    assert.equal(
      tracingOf(ON, { ...bare, OTEL_EXPORTER_OTLP_INSECURE: 'True' }).otlp.endpoint,
      'http://collector:4317',
    );
  });

  it('set the files for TLS and the console exporter', () => {
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
    it(`can disable tracing: ${Object.keys(env)}`, () => assert.equal(tracingOf(ON, env as never).enabled, false));

  it('disable tracing if the file enables it, except for an exporter in the file', () => {
    const file = 'tracing: { exporter: otlp }\n';
    assert.equal(tracingOf(file, { OTEL_TRACES_EXPORTER: 'none' }).enabled, true);
    assert.equal(tracingOf(file, { OTEL_SDK_DISABLED: 'true' }).enabled, false);
  });

  it('can disable propagation', () => {
    const { propagators, warnings } = read(ON, { OTEL_PROPAGATORS: 'none' });
    assert.deepEqual([propagators, warnings], [[], []]);
  });

  it('are left to a global provider, except for name, resource and propagators', () => {
    const { config, sources, warnings } = parseConfigWithSources(`${LEAST}tracing: { provider: global }\n`, 'f', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://vendor.example/otlp',
      OTEL_TRACES_SAMPLER: 'xray',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_CONFIG_FILE: 'sdk.yaml',
      OTEL_SERVICE_NAME: 'theirs',
      OTEL_PROPAGATORS: 'b3',
    });
    assert.deepEqual([...sources.keys()].sort(), ['tracing.propagators', 'tracing.service_name']);
    assert.deepEqual([config.tracing.enabled, warnings], [true, []]);
  });

  it('are the source of the settings that they set', () => {
    const { sources } = parseConfigWithSources(`${LEAST}tracing: { resource: { team: ours } }\n`, 'f', {
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,deployment.environment.name=prod,zone=z',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    assert.deepEqual(Object.fromEntries(sources), {
      'tracing.sampling.strategy': 'OTEL_TRACES_SAMPLER',
      'tracing.sampling.ratio': 'OTEL_TRACES_SAMPLER_ARG',
      'tracing.service_name': 'OTEL_RESOURCE_ATTRIBUTES',
      'tracing.environment': 'OTEL_RESOURCE_ATTRIBUTES',
      'tracing.resource': 'file, OTEL_RESOURCE_ATTRIBUTES',
    });
  });

  it('are ignored while tracing is disabled', () => {
    const env = { OTEL_TRACES_SAMPLER: 'nonsense', OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' };
    assert.deepEqual(tracingOf('', env), tracingOf('', {}));
  });

  for (const [name, value, wanted] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://secret@collector:4317', /URL/],
    ['OTEL_EXPORTER_OTLP_CLIENT_KEY', 'secret.pem', /cert_file and key_file/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4317/secret', /has a path, which gRPC does not use/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', /key=value/],
    [
      'OTEL_EXPORTER_OTLP_HEADERS',
      'content-type=secret',
      /has a header that is a header that the exporter sets itself/,
    ],
    [
      'OTEL_EXPORTER_OTLP_HEADERS',
      'a=secret%0a',
      /has a header that contains characters that are not allowed in a header/,
    ],
  ] as const) {
    it(`prevent the start if they are invalid and essential: ${name}=${value}`, () => {
      assert.throws(
        () => tracingOf(ON, { [name]: value }),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, new RegExp(`^${name}:`));
          assert.match(error.message, wanted);
          assert.ok(!error.message.includes('secret'), 'the value may be a secret');
          return true;
        },
      );
    });
  }

  for (const [variables, wanted] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL=http/json', 'tracing.otlp.protocol is grpc'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT=soon', 'tracing.otlp.timeout_seconds is 10'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT=0', 'tracing.otlp.timeout_seconds is 10'],
    ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=0 OTEL_EXPORTER_OTLP_TIMEOUT=3000', 'tracing.otlp.timeout_seconds is 3'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION=zstd', 'tracing.otlp.compression is none'],
    ['OTEL_EXPORTER_OTLP_INSECURE=1', 'an endpoint without a scheme uses TLS'],
    ['OTEL_SDK_DISABLED=yes', 'tracing stays enabled'],
    ['OTEL_TRACES_EXPORTER=zipkin', 'tracing.exporter is otlp'],
    ['OTEL_TRACES_SAMPLER=jaeger_remote', 'tracing.sampling.strategy is parent_based'],
    ['OTEL_TRACES_SAMPLER_ARG=2 OTEL_TRACES_SAMPLER=traceidratio', 'tracing.sampling.ratio is 1'],
    ['OTEL_TRACES_SAMPLER_ARG=0.5', 'tracing.sampling.ratio is 1'],
    ['OTEL_PROPAGATORS=jaeger', 'tracing.propagators is the default'],
    ['OTEL_PROPAGATORS=b3,none', 'tracing.propagators is b3'],
    ['OTEL_BSP_MAX_QUEUE_SIZE=0', 'tracing.batch.max_queue_size is 8192'],
    ['OTEL_BSP_SCHEDULE_DELAY=-1', 'tracing.batch.scheduled_delay_millis is 5000'],
    ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT=16', 'tracing.limits.attribute_value_length_limit is 1024'],
    [
      'OTEL_CONFIG_FILE=sdk.yaml',
      "the gateway's own configuration file applies, then the other OpenTelemetry variables",
    ],
    ['OTEL_LOG_LEVEL=debug', 'logging.level applies'],
    ['OTEL_METRICS_EXEMPLAR_FILTER=always_on', 'exemplars refer to sampled traces (trace_based)'],
    [
      'OTEL_BSP_EXPORT_TIMEOUT=30000',
      'tracing.otlp.timeout_seconds limits an attempt, and a batch is dropped after one minute',
    ],
  ] as const) {
    it(`are reported and ignored if they are invalid or unsupported: ${variables}`, () => {
      const env = Object.fromEntries(variables.split(' ').map((each) => each.split('=') as [string, string]));
      const [name, value] = Object.entries(env)[0]!;
      const [warning = '', ...more] = read(ON, env).warnings;
      assert.deepEqual(more, []);
      assert.ok(warning.startsWith(`${name}="${value}" `), warning);
      assert.ok(warning.endsWith(`; ${wanted}`), warning);
    });
  }

  it('have percent-encoded resource attributes, keys and values', () => {
    const text = 'a%2Cb=c%3Dd, t%C3%A9am = x%20y ,e=,';
    const { resource, warnings } = read(ON, { OTEL_RESOURCE_ATTRIBUTES: text });
    assert.deepEqual([{ ...resource }, warnings], [{ 'a,b': 'c=d', téam: 'x y', e: '' }, []]);
    assert.deepEqual({ ...resource }, officialAttributes(text));
  });

  for (const wrong of ['a=%zz', '%zz=a', 'a=b=c', 'a=1,=2', 'a=1,b'])
    it(`discard all resource attributes after one error: ${wrong}`, () => {
      const { resource, warnings } = read(ON, { OTEL_RESOURCE_ATTRIBUTES: `good=1,${wrong}` });
      assert.deepEqual({ ...resource }, {});
      assert.deepEqual(officialAttributes(`good=1,${wrong}`), {});
      assert.match(warnings.join(), /^OTEL_RESOURCE_ATTRIBUTES [^"]*; all of its attributes are ignored$/);
    });

  it('are reported without a value that may be a secret', () => {
    const { resource, warnings } = read(ON, { OTEL_RESOURCE_ATTRIBUTES: 'team=a,the-secret' });
    assert.deepEqual({ ...resource }, {}, 'one invalid pair discards all');
    assert.deepEqual(warnings, [
      'OTEL_RESOURCE_ATTRIBUTES is not a list of key=value pairs; all of its attributes are ignored',
    ]);
  });

  it('are not reported if they match the behaviour, or the file sets the setting', () => {
    const accepted = {
      OTEL_METRICS_EXEMPLAR_FILTER: 'trace_based',
      OTEL_SDK_DISABLED: 'False',
      OTEL_TRACES_EXPORTER: 'OTLP',
    };
    assert.deepEqual(read(ON, accepted).warnings, []);
    const file = 'tracing: { otlp: { timeout_seconds: 1 }, sampling: { ratio: 1 }, propagators: [b3] }\n';
    const wrong = { OTEL_EXPORTER_OTLP_TIMEOUT: '0', OTEL_TRACES_SAMPLER: 'x', OTEL_PROPAGATORS: 'x' };
    assert.deepEqual(read(file, wrong).warnings, []);
  });
});
