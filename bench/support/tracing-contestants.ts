/** Who takes part in the benchmark of tracing: the same gateway with different tracing, and how each of them is configured. */
import type { Config } from '../../src/config/config.ts';
import type { TracingConfig } from '../../src/config/tracing.ts';
import type { Listening } from './collector-process.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig } from './gateway-config.ts';

export interface TracingContestant extends Contestant {
  /** Who does the tracing: nobody, this project, or the official SDK. */
  readonly tracer: 'none' | 'ours' | 'stock';
  readonly protocol: 'grpc' | 'http/protobuf';
}

const against = ['tracing off', 'tracing off, again'];

/** The second is the same as the first, and so shows the noise. */
export const CONTESTANTS: readonly TracingContestant[] = [
  { name: 'tracing off', against, tracer: 'none', protocol: 'grpc' },
  { name: 'tracing off, again', against, tracer: 'none', protocol: 'grpc' },
  { name: 'mizuchi grpc', against, tracer: 'ours', protocol: 'grpc' },
  { name: 'mizuchi http/protobuf', against, tracer: 'ours', protocol: 'http/protobuf' },
  { name: 'stock SDK http/protobuf', against, tracer: 'stock', protocol: 'http/protobuf' },
];

/** What one upload is in spans: http.server.request, auth.verify, s3.upload, aws.s3.put_object. */
export const SPANS_PER_UPLOAD = 4;

/** Milliseconds after which spans leave: long enough for batches to be full under load, as they would be by default. */
const EXPORT_DELAY = 1_000;

export interface Ports {
  readonly store: number;
  readonly collector: Listening;
}

/** Everything but `tracing` is the same for all. */
export function configOf(contestant: TracingContestant, ports: Ports): Config {
  return gatewayConfig(ports.store, { tracing: tracingOf(contestant, ports.collector) });
}

/** The queue is long enough that nothing is dropped: a dropped span would be a cheap one. */
function tracingOf({ name, tracer, protocol }: TracingContestant, collector: Listening): TracingConfig {
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
      compression: 'gzip',
      headers: { 'x-contestant': name },
      traces_path: '/v1/traces',
    },
    inbound: 'continue',
    sampling: { strategy: 'always', ratio: 1, remote_ratio: 1 },
    batch: {
      max_queue_size: 16_384,
      max_queue_bytes: 64 * 1024 ** 2,
      scheduled_delay_millis: EXPORT_DELAY,
      max_export_batch_size: 512,
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
  };
}
