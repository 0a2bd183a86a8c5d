/** `check`: lists every problem of a configuration, or shows the gateway that it describes. Prints no secret. */
import { dirname, resolve } from 'node:path';
import { openAuth } from '../app/bucket/auth.ts';
import type { AppContext } from '../app/context.ts';
import { examineHost } from '../app/doctor/examine-host.ts';
import { Lifetime } from '../app/lifetime.ts';
import { adminAddress } from '../config/admin.ts';
import type { BucketConfig } from '../config/bucket.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { deprecatedSettings } from '../config/deprecated-settings.ts';
import { type EffectiveValue, effectiveValues } from '../config/effective.ts';
import type { Environment } from '../config/expand.ts';
import { isAws } from '../config/is-aws.ts';
import { loadConfigWithSources } from '../config/load-config.ts';
import type { ConfigWithSources } from '../config/parse-config.ts';
import { writeSocketAddress } from '../config/scalars.ts';
import type { TracingConfig } from '../config/tracing.ts';
import { warningText } from '../config/variable-warning.ts';
import { NO_OBSERVER } from '../domain/auth-observer.ts';
import type { Log } from '../domain/log.ts';
import { SPAN_EXPORTERS } from '../domain/span-exporters.ts';
import { endpointOf } from '../s3/endpoint.ts';
import { accessLines, explainUpload, type Line } from './check-access.ts';
import { clientLines } from './check-clients.ts';
import { hostText } from './host-text.ts';

export interface CheckOptions {
  /** A token or an access key: the client of the upload to try. */
  readonly as?: string | undefined;
  /** The path of the object to try. */
  readonly put?: string | undefined;
  /** Whether to print every setting with its effective value and its source. */
  readonly effective?: boolean | undefined;
}

/** @returns the exit code: 0 if the configuration is valid, and the named upload, if any, would be accepted; else 1. */
export async function check(
  file: string,
  env: Environment,
  write: (text: string) => void,
  { as, put, effective = false }: CheckOptions = {},
): Promise<number> {
  try {
    const loaded = await loadConfigWithSources(file, env);
    const { config } = loaded;
    const around = { directory: dirname(resolve(file)), env, log: SILENT };
    await openKeys(config, around);
    await checkTracing(config.tracing, around.directory);
    await checkAccess(config, around.directory);
    const remarks = deprecated(loaded) + ignored(loaded);
    if (effective) write(table(effectiveValues(config, loaded.given, loaded.sources), '') + remarks);
    else if (put === undefined) {
      const host = await examineHost(config, around.directory);
      write(summary(file, loaded) + hostText(host) + everyTracingSetting(loaded) + remarks);
      return host.files.every(({ works }) => works) ? 0 : 1;
    } else {
      const { text, allowed } = await explainUpload(config, as, put, around);
      write(text);
      return allowed ? 0 : 1;
    }
    return 0;
  } catch (error) {
    const { message } = error as Error;
    const count = error instanceof ConfigError ? error.problems.length : 1;
    write(`${message}\n${count} ${count === 1 ? 'problem' : 'problems'}; the gateway would not start.\n`);
    return 1;
  }
}

/** Reads the key files as the gateway does. @throws Error that describes the problem. */
async function openKeys({ buckets }: Config, around: Omit<AppContext, 'watch'>): Promise<void> {
  const lifetime = new Lifetime(around.log);
  try {
    for (const bucket of buckets) await openAuth(bucket, lifetime, { ...around, watch: NO_OBSERVER });
  } finally {
    await lifetime.close();
  }
}

async function checkTracing(config: TracingConfig, directory: string): Promise<void> {
  if (!config.enabled) return;
  const { checkFiles, exporterSettings } = await import('../tracing/exporter-settings.ts');
  checkFiles(exporterSettings(config, { directory }));
}

/** Reads the files for the delivery of metrics and log lines. @throws Error that names section and file. */
async function checkAccess({ metrics, logging }: Config, directory: string): Promise<void> {
  const { checkCollector } = await import('../export/export-settings.ts');
  if (metrics.otlp !== undefined) checkCollector('metrics', metrics.otlp, directory);
  if (logging.otlp !== undefined) checkCollector('logs', logging.otlp, directory);
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

function table(values: readonly EffectiveValue[], indent: string): string {
  const width = Math.max(...values.map(({ source }) => source.length));
  return values.map(({ path, value, source }) => `${indent}${source.padEnd(width)}  ${path}: ${value}\n`).join('');
}

/** The file and some thirty variables can set them, so each is shown with its source. */
function everyTracingSetting({ config, given, sources }: ConfigWithSources): string {
  if (!config.tracing.enabled) return '';
  const values = effectiveValues(config, given, sources).filter(
    ({ path, isSet }) => path.startsWith('tracing.') && isSet,
  );
  return `\nAll settings of tracing with their sources (--effective shows every setting):\n\n${table(values, '  ')}`;
}

function deprecated({ config }: ConfigWithSources): string {
  const settings = deprecatedSettings(config);
  if (settings.length === 0) return '';
  const lines = settings.map(
    ({ setting, instead }) => `  ${setting} will be removed in the next version; use ${instead}\n`,
  );
  return `\nDeprecated:\n\n${lines.join('')}`;
}

function ignored({ warnings }: ConfigWithSources): string {
  if (warnings.length === 0) return '';
  return `\nIgnored:\n\n${warnings.map((warning) => `  ${warningText(warning)}\n`).join('')}`;
}

function summary(file: string, { config, sources }: ConfigWithSources): string {
  const lines: Line[] = [
    ['listen', writeSocketAddress(config.server.address)],
    ...config.buckets.flatMap((bucket) => [...bucketLines(bucket, config.tracing), ...rotationNote(bucket, config)]),
    ...tracingLines(config.tracing, sources.get('tracing.enabled')),
    ...adminLines(config),
    ['logging', `${config.logging.level} and above, ${config.logging.format}`],
  ];
  const rows = lines.map(([label, text]) => `  ${label.padEnd(12)}${text}`.trimEnd());
  return `${file} is valid. It describes this gateway:\n\n${rows.join('\n')}\n`;
}

function bucketLines(bucket: BucketConfig, { enabled: traced, propagators }: TracingConfig): Line[] {
  const { name, path_prefix, s3 } = bucket;
  const { origin, pathOf } = endpointOf(s3);
  const propagates = s3.propagate && propagators?.length !== 0;
  const credentials =
    s3.access_key === undefined
      ? 'the AWS provider chain (environment, profile, web identity, container, instance)'
      : `static keys of this file${s3.session_token === undefined ? '' : ', with a session token'}`;
  return [
    [`bucket ${name}`, ''],
    ['  accepts', `PUT ${path_prefix}/KEY`],
    ['  stores', `${origin}${pathOf('KEY')} (bucket ${s3.bucket}, region ${s3.region})`],
    ['  keys', credentials],
    ...(s3.client_checksums === 'pass'
      ? []
      : [['  checksums', 'of clients are verified by the gateway and not sent to the store'] as const]),
    ...literalKeysNote(bucket),
    ...accessLines(bucket),
    ...clientLines(bucket),
    ...(traced
      ? [
          [
            '  trace',
            `the gateway ${propagates ? 'sends' : 'does not send'} traceparent and tracestate to the store`,
          ] as const,
        ]
      : []),
  ];
}

/** The store's secret key seals upload ids where there is no other secret. */
function rotationNote({ s3 }: BucketConfig, { server }: Config): Line[] {
  const isSealed = server.upload_id_secret !== undefined || server.upload_id_secrets !== undefined;
  if (isSealed || s3.secret_key === undefined) return [];
  return [['  note', 'another secret key of this store ends its multipart uploads in progress; set upload_id_secret']];
}

/** Nothing else shows that the stored key may differ from the authorized key. */
function literalKeysNote({ literal_keys, s3 }: BucketConfig): Line[] {
  if (!literal_keys || isAws(s3)) return [];
  const text =
    'literal_keys is true, and the store is not AWS: if it normalizes keys, it stores a key with "..", "." or "//" under another key than the authorized one';
  return [['  note', text]];
}

/** @param off the variable that has disabled tracing. */
function tracingLines(config: TracingConfig, off: string | undefined): Line[] {
  if (!config.enabled) return [['tracing', off === undefined ? 'off' : `off, by ${off}`]];
  const { service_name, environment, exporter, otlp, fallback, fallback_file, sampling, semantic_conventions } = config;
  const headers = Object.keys(otlp.headers);
  const where = environment === undefined ? '' : ` in ${environment}`;
  const ratio =
    sampling.strategy === 'ratio' || sampling.strategy === 'parent_based' ? `, ratio ${sampling.ratio}` : '';
  const others = callersText(config);
  const { destination, format } = SPAN_EXPORTERS[exporter];
  return [
    ['tracing', `as ${service_name}${where}, ${semantic_conventions} semantic conventions`],
    destination !== undefined
      ? ['  to', [`the ${destination}`, format].filter(Boolean).join(', ')]
      : ['  to', `${otlp.endpoint} by OTLP ${otlp.protocol}, compression ${otlp.compression}`],
    ...(fallback === 'none'
      ? []
      : [['  fallback', fallback === 'file' ? `the file ${fallback_file.path}` : 'the standard error'] as const]),
    ...(headers.length > 0 ? [['  headers', `${headers.join(', ')} (values not shown)`] as const] : []),
    ['  sampling', `${sampling.strategy}${ratio}`],
    ...(others === undefined ? [] : [['  callers', others] as const]),
    ...portNote(otlp),
  ];
}

/** The influence of callers on the number of traces. */
function callersText({ inbound, sampling, trusted_proxies }: TracingConfig): string | undefined {
  const { strategy, remote_ratio } = sampling;
  if (inbound !== 'continue' || strategy === 'never') return undefined;
  const whom = trusted_proxies === undefined ? 'callers' : 'callers outside trusted_proxies';
  if (strategy === 'always') return `traces of ${whom} are continued; all are kept`;
  return `traces of ${whom} are continued; remote_ratio ${remote_ratio}: ${ratioText(remote_ratio)}`;
}

function ratioText(ratio: number): string {
  if (ratio === 0) return 'none is kept';
  if (ratio === 1) return 'all that have the sampled flag are kept';
  return `at most ${Math.round(ratio * 1e6) / 1e4} % are kept, also if all have the sampled flag`;
}

/** OTLP has two default ports (OTLP specification, "OTLP/gRPC Default Port", "OTLP/HTTP Default Port"), which are easily confused. */
function portNote({ endpoint, protocol }: TracingConfig['otlp']): Line[] {
  const { port } = new URL(endpoint);
  const usual = { '4317': 'grpc', '4318': 'http/protobuf' }[port];
  if (usual === undefined || usual === protocol) return [];
  return [['  note', `port ${port} is usually for ${usual}, not for ${protocol}`]];
}

function adminLines(config: Config): Line[] {
  const address = adminAddress(config);
  const origin = address && `http://${writeSocketAddress(address)}`;
  return [
    ['metrics', origin !== undefined && config.metrics.enabled ? `${origin}/metrics` : 'off'],
    ['probes', `/health, /startup and /ready on the upload port${origin === undefined ? '' : `, and on ${origin}`}`],
  ];
}
