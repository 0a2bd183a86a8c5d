/** Tracing configurations for tests. */
import type { TracingConfig } from '../../src/config/tracing.ts';
import type { Log } from '../../src/domain/log.ts';

export interface TracingOverrides {
  readonly otlp?: Partial<TracingConfig['otlp']>;
  readonly batch?: Partial<TracingConfig['batch']>;
  readonly sampling?: Partial<TracingConfig['sampling']>;
  readonly resource?: TracingConfig['resource'];
  readonly exporter?: TracingConfig['exporter'];
  readonly fallback?: TracingConfig['fallback'];
  readonly fallback_file?: TracingConfig['fallback_file'];
  readonly environment?: string;
  readonly semantic_conventions?: TracingConfig['semantic_conventions'];
  readonly limits?: Partial<TracingConfig['limits']>;
}

export function tracingConfig(endpoint: string, overrides: TracingOverrides = {}): TracingConfig {
  const { otlp, batch, sampling, limits, ...rest } = overrides;
  return {
    enabled: true,
    service_name: 'test',
    provider: 'native',
    exporter: 'otlp',
    fallback: 'none',
    fallback_file: { path: 'spans.jsonl', max_size: 64 * 1024 ** 2, max_files: 4 },
    otlp: {
      endpoint,
      protocol: 'http/protobuf',
      timeout_seconds: 10,
      compression: 'none',
      headers: {},
      traces_path: '/v1/traces',
      ...otlp,
    },
    inbound: 'continue',
    sampling: { strategy: 'parent_based', ratio: 1, remote_ratio: 1, ...sampling },
    batch: {
      max_queue_size: 8192,
      max_queue_bytes: 8 * 1024 ** 2,
      scheduled_delay_millis: 20,
      max_export_batch_size: 2048,
      ...batch,
    },
    limits: {
      attribute_count_limit: 128,
      attribute_value_length_limit: 1024,
      event_count_limit: 128,
      link_count_limit: 128,
      event_attribute_count_limit: 128,
      link_attribute_count_limit: 128,
      ...limits,
    },
    subject: 'hash',
    resource: {},
    semantic_conventions: 'stable',
    span_names: 'default',
    ...rest,
  };
}

export interface KeptLine {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines. */
export function keptLog(): Log & { readonly lines: KeptLine[] } {
  const lines: KeptLine[] = [];
  const write = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
