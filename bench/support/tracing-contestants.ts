/** Who takes part in the benchmark of tracing: the same gateway with different tracing, and how each of them is configured. */
import type { Config } from '../../src/config/config.ts';
import type { TracingConfig } from '../../src/config/tracing.ts';
import { authzOf } from './auth-contestants.ts';
import type { Listening } from './collector-process.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig } from './gateway-config.ts';
import { ACCESS_KEY, REGION } from './signed-requests.ts';

export interface TracingContestant extends Contestant {
  /** Who does the tracing: nobody, this project, or the official SDK. */
  readonly tracer: 'none' | 'ours' | 'stock';
  readonly protocol: 'grpc' | 'http/protobuf';
  /** Which traces are kept; all, unless given. */
  readonly sampling?: Partial<TracingConfig['sampling']>;
  /** Whether it serves the live view, and whether somebody watches it. */
  readonly view?: 'unwatched' | 'watched';
  /** Spans of one upload that come to the collector; none unless given. */
  readonly spans?: number;
  /** How much more than none it may cost, where something is aimed at. */
  readonly target?: number;
}

/** The copies of the gateway without tracing, which all are compared to. */
export const UNTRACED = ['tracing off', 'tracing off, again'] as const;
const against = UNTRACED;
/** What one upload is in spans: http.server.request, auth.verify, authz.check, authz.opa, s3.upload, aws.s3.put_object. */
const spans = 6;
const KEEP_ERRORS = { errors: true, denied: true, max_bytes: 32 * 1024 ** 2, max_age_seconds: 900 };

/** The second is the same as the first, and so shows the noise. */
export const CONTESTANTS: readonly TracingContestant[] = [
  { name: 'tracing off', against, tracer: 'none', protocol: 'grpc' },
  { name: 'tracing off, again', against, tracer: 'none', protocol: 'grpc' },
  { name: 'never', against, tracer: 'ours', protocol: 'grpc', sampling: { strategy: 'never' }, target: 1.01 },
  {
    name: 'unsampled',
    against,
    tracer: 'ours',
    protocol: 'grpc',
    sampling: { strategy: 'ratio', ratio: 0 },
    target: 1.01,
  },
  {
    name: 'tail sampling, nothing kept',
    against,
    tracer: 'ours',
    protocol: 'grpc',
    sampling: { strategy: 'never', keep: KEEP_ERRORS },
  },
  { name: 'mizuchi grpc', against, tracer: 'ours', protocol: 'grpc', spans, target: 1.05 },
  {
    name: 'mizuchi grpc, view unwatched',
    against: ['mizuchi grpc'],
    tracer: 'ours',
    protocol: 'grpc',
    spans,
    view: 'unwatched',
  },
  {
    name: 'mizuchi grpc, view watched',
    against: ['mizuchi grpc'],
    tracer: 'ours',
    protocol: 'grpc',
    spans,
    view: 'watched',
  },
  { name: 'mizuchi http/protobuf', against, tracer: 'ours', protocol: 'http/protobuf', spans, target: 1.05 },
  { name: 'stock SDK grpc', against, tracer: 'stock', protocol: 'grpc', spans },
  { name: 'stock SDK http/protobuf', against, tracer: 'stock', protocol: 'http/protobuf', spans },
];

/** Milliseconds after which spans leave: long enough for batches to be full under load, as they would be by default. */
const EXPORT_DELAY = 1_000;

export interface Ports {
  readonly store: number;
  readonly engine: number;
  readonly collector: Listening;
}

/** Everything but `tracing` is the same for all: signatures are verified, and OPA is asked about each upload. */
export function configOf(contestant: TracingContestant, ports: Ports): Config {
  return gatewayConfig(ports.store, {
    tracing: tracingOf(contestant, ports.collector),
    auth: { enabled: true, sigv4: { region: REGION, credentials: [{ ...ACCESS_KEY, subject: 'uploader-0' }] } },
    authz: authzOf('opa', 0, ports.engine),
    view: contestant.view !== undefined,
  });
}

/** The queue is long enough that nothing is dropped: a dropped span would be a cheap one. */
function tracingOf({ name, tracer, protocol, sampling }: TracingContestant, collector: Listening): TracingConfig {
  const port = protocol === 'grpc' ? collector.grpc : collector.http;
  return {
    enabled: tracer !== 'none',
    service_name: 'mizuchi-uploadr',
    environment: 'production',
    provider: 'native',
    exporter: 'otlp',
    fallback: 'none',
    fallback_file: { path: 'spans.jsonl', max_size: 64 * 1024 ** 2, max_files: 4 },
    otlp: {
      endpoint: `http://127.0.0.1:${port}`,
      protocol,
      timeout_seconds: 10,
      compression: 'none', // as the defaults of both have it towards this machine
      headers: { 'x-contestant': name },
      traces_path: '/v1/traces',
    },
    inbound: 'continue',
    sampling: { strategy: 'always', ratio: 1, remote_ratio: 1, ...sampling },
    batch: {
      max_queue_size: 16_384,
      max_queue_bytes: 64 * 1024 ** 2,
      scheduled_delay_millis: EXPORT_DELAY,
      max_export_batch_size: 2048,
    },
    resource: { 'service.version': '0.1.0', 'host.name': 'bench' },
    limits: {
      attribute_count_limit: 128,
      attribute_value_length_limit: 1024,
      event_count_limit: 128,
      link_count_limit: 128,
      event_attribute_count_limit: 128,
      link_attribute_count_limit: 128,
    },
    subject: 'hash',
    semantic_conventions: 'stable',
    span_names: 'default',
  };
}
