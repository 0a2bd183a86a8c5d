/** `check`: says everything that is wrong with a configuration, or what would run with it. Prints no secret. */
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load-config.ts';
import { type SocketAddress, writeSocketAddress } from '../config/scalars.ts';
import type { TracingConfig } from '../config/tracing.ts';
import { endpointOf } from '../s3/endpoint.ts';

/** @returns the exit code: 0 if the configuration can be used, else 1. */
export async function check(file: string, env: Environment, write: (text: string) => void): Promise<number> {
  try {
    write(summary(file, await loadConfig(file, env)));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { length } = error.problems;
    write(`${error.message}\n${length} ${length === 1 ? 'problem' : 'problems'}; nothing would run.\n`);
    return 1;
  }
}

type Line = readonly [label: string, text: string];

function summary(file: string, config: Config): string {
  const lines: Line[] = [
    ['listen', writeSocketAddress(config.server.address)],
    ...config.buckets.flatMap((bucket) => bucketLines(bucket, config.tracing.enabled)),
    ['access', 'ANONYMOUS: nobody is asked who they are; whoever reaches this address may upload'],
    ...tracingLines(config.tracing),
    ['metrics', metricsText(config)],
    ['logging', `${config.logging.level} and above, ${config.logging.format}`],
  ];
  const rows = lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`.trimEnd());
  return `${file} is well. This would run:\n\n${rows.join('\n')}\n`;
}

function bucketLines({ name, path_prefix, s3 }: BucketConfig, traced: boolean): Line[] {
  const { origin, pathOf } = endpointOf(s3);
  const credentials =
    s3.access_key === undefined
      ? 'the AWS provider chain (environment, profile, web identity, container, instance)'
      : `static keys of this file${s3.session_token === undefined ? '' : ', with a session token'}`;
  return [
    [`bucket ${name}`, ''],
    ['  takes', `PUT ${path_prefix}/KEY`],
    ['  stores', `${origin}${pathOf('KEY')} (bucket ${s3.bucket}, region ${s3.region})`],
    ['  keys', credentials],
    ...(traced
      ? [['  trace', `the store is ${s3.propagate ? '' : 'not '}sent traceparent and tracestate`] as const]
      : []),
  ];
}

function tracingLines({
  enabled,
  service_name,
  environment,
  otlp,
  sampling,
  semantic_conventions,
}: TracingConfig): Line[] {
  if (!enabled) return [['tracing', 'off']];
  const headers = Object.keys(otlp.headers);
  const where = environment === undefined ? '' : ` in ${environment}`;
  const share =
    sampling.strategy === 'ratio' || sampling.strategy === 'parent_based' ? `, ratio ${sampling.ratio}` : '';
  return [
    ['tracing', `as ${service_name}${where}, ${semantic_conventions} semantic conventions`],
    ['  to', `${otlp.endpoint} by OTLP ${otlp.protocol}, compression ${otlp.compression}`],
    ...(headers.length > 0 ? [['  headers', `${headers.join(', ')} (values not shown)`] as const] : []),
    ['  sampling', `${sampling.strategy}${share}`],
    ...portNote(otlp),
  ];
}

/** OTLP has two default ports (OTLP specification, "OTLP/gRPC Default Port", "OTLP/HTTP Default Port"); they are easily mixed up. */
function portNote({ endpoint, protocol }: TracingConfig['otlp']): Line[] {
  const { port } = new URL(endpoint);
  const usual = { '4317': 'grpc', '4318': 'http/protobuf' }[port];
  if (usual === undefined || usual === protocol) return [];
  return [['  note', `port ${port} is usually that of ${usual}, not of ${protocol}`]];
}

function metricsText({ metrics }: Config): string {
  if (!metrics.enabled) return 'off';
  const address: SocketAddress = { host: metrics.address, port: metrics.port };
  return `http://${writeSocketAddress(address)}/metrics`;
}
