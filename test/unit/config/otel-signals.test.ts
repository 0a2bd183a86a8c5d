/** OpenTelemetry's variables for metrics and logs, and those of all signals. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { IGNORED } from '../../../src/config/otel-ignored.ts';
import { SETTINGS, SPECIAL } from '../../../src/config/otel-variables.ts';
import { parseConfigWithSources } from '../../../src/config/parse-config.ts';
import { resourceAttributes } from '../../../src/config/resource-attributes.ts';
import { warningText } from '../../../src/config/variable-warning.ts';

const LEAST = 'buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: AK, secret_key: SK } }]\n';
const PUSHED = 'metrics: { otlp: {} }\nlogging: { otlp: {} }\n';
const ALL = `tracing: { enabled: true }\n${PUSHED}`;
const read = (sections: string, env: Record<string, string>) => {
  const { config, sources, warnings } = parseConfigWithSources(`${LEAST}${sections}`, 'f', env);
  return { ...config, sources, warnings: warnings.map(warningText) };
};

describe("OpenTelemetry's variables for metrics and logs", () => {
  it('set what the file omits, the general ones and those of the signal', () => {
    const { tracing, metrics, logging, sources } = read(ALL, {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/base/',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m:4318/in/',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-key=l',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=g',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '2000',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    });
    const urls = [tracing.otlp.endpoint, metrics.otlp?.endpoint, logging.otlp?.endpoint];
    assert.deepEqual(urls, ['http://c:4318/base', 'http://m:4318/in/', 'http://c:4318/base']);
    const paths = [tracing.otlp.traces_path, metrics.otlp?.metrics_path, logging.otlp?.logs_path];
    assert.deepEqual(paths, ['/v1/traces', '', '/v1/logs']);
    const headers = [tracing.otlp.headers, metrics.otlp?.headers, logging.otlp?.headers];
    assert.deepEqual(
      headers.map((each) => each?.['x-key']),
      ['g', 'g', 'l'],
    );
    assert.deepEqual([metrics.otlp?.timeout_seconds, metrics.otlp?.interval_seconds], [2, 0.5]);
    assert.equal(sources.get('metrics.otlp.endpoint'), 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT');
    assert.equal(logging.otlp?.compression, 'gzip', 'derived from the endpoint');
  });

  it('have lower precedence than the file', () => {
    const file = 'metrics: { otlp: { endpoint: "http://ours:4318", protocol: http/protobuf, headers: { a: ours } } }\n';
    const { metrics } = read(file, {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://theirs:4318/x',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=theirs',
    });
    const { endpoint, protocol, metrics_path, headers } = metrics.otlp!;
    assert.deepEqual(
      [endpoint, protocol, metrics_path, headers.a],
      ['http://ours:4318', 'http/protobuf', '/v1/metrics', 'ours'],
    );
  });

  it('do not add an export', () => {
    const { metrics, logging, warnings } = read('', {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_BLRP_MAX_QUEUE_SIZE: '1',
    });
    assert.deepEqual([metrics.otlp, logging.otlp, warnings], [undefined, undefined, []]);
  });

  it('name the variable that stops the start', () =>
    assert.throws(
      () => read(PUSHED, { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'ftp://secret' }),
      /^ConfigError: OTEL_EXPORTER_OTLP_LOGS_ENDPOINT:(?!.*secret)/s,
    ));

  for (const [variable, instead] of [
    ['OTEL_METRIC_EXPORT_INTERVAL=-1', 'metrics.otlp.interval_seconds is 60'],
    ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json', 'metrics.otlp.protocol is grpc'],
    ['OTEL_EXPORTER_OTLP_LOGS_COMPRESSION=zstd', 'logging.otlp.compression is none'],
    ['OTEL_METRICS_EXPORTER=console', 'metrics.otlp applies'],
    ['OTEL_LOGS_EXPORTER=otlp,console', 'logging.otlp applies'],
    ['OTEL_EXPORTER_OTLP_LOGS_INSECURE=1', 'an endpoint without a scheme uses TLS'],
    ['OTEL_EXPORTER_OTLP_INSECURE=yes', 'an endpoint without a scheme uses TLS'],
  ] as const)
    it(`are reported and ignored if they are not supported: ${variable}`, () => {
      const [name, value] = variable.split('=') as [string, string];
      const { warnings } = read(ALL, { [name]: value });
      assert.equal(warnings.length, 1, warnings.join());
      assert.ok(warnings[0]!.startsWith(`${name}=`) && warnings[0]!.endsWith(`; ${instead}`), warnings.join());
    });

  for (const name of Object.keys(IGNORED))
    it(`are reported if they are ignored: ${name}`, () => {
      const { warnings } = read(ALL, { [name]: 'a value' });
      assert.deepEqual(
        warnings.map((each) => each.split('=')[0]),
        [name],
      );
      const { accepted } = IGNORED[name]!;
      if (accepted !== undefined) assert.deepEqual(read(ALL, { [name]: accepted }).warnings, []);
    });

  it('select exporters', () => {
    const none = read(ALL, { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'None' });
    assert.deepEqual([none.tracing.enabled, none.metrics.otlp, none.logging.otlp], [true, undefined, undefined]);
    assert.equal(none.metrics.enabled, true, 'GET /metrics stays');
    const both = read(ALL, { OTEL_METRICS_EXPORTER: 'otlp,prometheus', OTEL_LOGS_EXPORTER: 'otlp' });
    assert.deepEqual(both.warnings, []);
    assert.ok(both.metrics.otlp !== undefined && both.logging.otlp !== undefined);
  });
});

describe("OpenTelemetry's variables for all signals", () => {
  it('can disable all of them, also without tracing', () => {
    for (const sections of [ALL, PUSHED]) {
      const { tracing, metrics, logging } = read(sections, { OTEL_SDK_DISABLED: 'True' });
      assert.deepEqual([tracing.enabled, metrics.otlp, logging.otlp], [false, undefined, undefined]);
    }
  });

  it('set name and resource with tracing off', () => {
    const env = {
      OTEL_SERVICE_NAME: 'named',
      OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=7,deployment.environment.name=prod,service.name=other',
    };
    for (const sections of [PUSHED, `tracing: { enabled: false }\n${PUSHED}`, ALL]) {
      const resource = resourceAttributes(read(sections, env).tracing, '1');
      assert.equal(resource['service.name'], 'named');
      assert.equal(resource['service.instance.id'], '7');
      assert.equal(resource['deployment.environment.name'], 'prod');
    }
    const off = read(ALL, { ...env, OTEL_TRACES_EXPORTER: 'none' }).tracing;
    assert.deepEqual([off.enabled, off.service_name], [false, 'named']);
  });
});

/**
 * The variables of the OpenTelemetry specification: "Environment Variable Specification" (configuration/sdk-environment-variables.md,
 * development ones included), "OTLP Exporter Configuration" (protocol/exporter.md) and "OTLP metrics exporter"
 * (metrics/sdk_exporters/otlp.md).
 */
const SPECIFICATION =
  `OTEL_SDK_DISABLED OTEL_ENTITIES OTEL_RESOURCE_ATTRIBUTES OTEL_SERVICE_NAME OTEL_LOG_LEVEL OTEL_PROPAGATORS
  OTEL_TRACES_SAMPLER OTEL_TRACES_SAMPLER_ARG OTEL_CONFIG_FILE OTEL_EXPERIMENTAL_CONFIG_FILE
  OTEL_BSP_SCHEDULE_DELAY OTEL_BSP_EXPORT_TIMEOUT OTEL_BSP_MAX_QUEUE_SIZE OTEL_BSP_MAX_EXPORT_BATCH_SIZE
  OTEL_BLRP_SCHEDULE_DELAY OTEL_BLRP_EXPORT_TIMEOUT OTEL_BLRP_MAX_QUEUE_SIZE OTEL_BLRP_MAX_EXPORT_BATCH_SIZE
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT OTEL_SPAN_EVENT_COUNT_LIMIT OTEL_SPAN_LINK_COUNT_LIMIT OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT
  OTEL_EXPORTER_ZIPKIN_ENDPOINT OTEL_EXPORTER_ZIPKIN_TIMEOUT OTEL_EXPORTER_ZIPKIN_PROTOCOL
  OTEL_EXPORTER_PROMETHEUS_HOST OTEL_EXPORTER_PROMETHEUS_PORT OTEL_TRACES_EXPORTER OTEL_METRICS_EXPORTER OTEL_LOGS_EXPORTER
  OTEL_METRICS_EXEMPLAR_FILTER OTEL_METRIC_EXPORT_INTERVAL OTEL_METRIC_EXPORT_TIMEOUT
  OTEL_EXPORTER_OTLP_SPAN_INSECURE OTEL_EXPORTER_OTLP_METRIC_INSECURE
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION
  ${[
    'ENDPOINT',
    'INSECURE',
    'CERTIFICATE',
    'CLIENT_KEY',
    'CLIENT_CERTIFICATE',
    'HEADERS',
    'COMPRESSION',
    'TIMEOUT',
    'PROTOCOL',
  ]
    .flatMap((name) => ['', 'TRACES_', 'METRICS_', 'LOGS_'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${name}`))
    .join(' ')}`.split(/\s+/);
/** Of the semantic conventions ("HTTP semantic convention stability migration"). */
const CONVENTIONS = ['OTEL_SEMCONV_STABILITY_OPT_IN'];

describe('the variables of the specification', () => {
  const handled = [...SPECIAL, ...Object.values(SETTINGS).flat()].flatMap(({ variables }) => variables);

  it('are the ones that the gateway sets, reports or ignores', () =>
    assert.deepEqual(
      [...new Set([...handled, ...Object.keys(IGNORED)])].sort(),
      [...SPECIFICATION, ...CONVENTIONS].sort(),
    ));

  it('are either supported or ignored', () =>
    assert.deepEqual(
      handled.filter((name) => name in IGNORED),
      [],
    ));

  it('are all in docs/variables.md, and no others', () => {
    const page = readFileSync(new URL('../../../docs/variables.md', import.meta.url), 'utf8');
    const listed = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => line.split('|')[1]!.match(/OTEL_\w+/g));
    assert.deepEqual([...new Set(listed)].sort(), [...SPECIFICATION, ...CONVENTIONS].sort());
  });
});
