/** The section `tracing`: sampling, limits and export of spans. */

import { BUCKET_REQUESTS, OPERATIONS } from '../domain/operation.ts';
import { SPAN_EXPORTER_NAMES } from '../domain/span-exporters.ts';
import { optionalAddressRanges } from './address-ranges.ts';
import { object, optionalList, optionalObject, section, stringMap, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields, signalPath } from './otlp.ts';
import { boolean, byteSize, integer, number, oneOf, string } from './scalars.ts';

const OPERATION_NAMES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
const BUCKET_OPERATION_NAMES = Object.keys(BUCKET_REQUESTS) as (keyof typeof BUCKET_REQUESTS)[];

const OTLP = section(
  {
    ...otlpFields('/v1/traces'),
    timeout_seconds: number({
      prose: 'Timeout of one export attempt. A batch that is not delivered within one minute is dropped and counted.',
      default: 10,
      min: 0.01,
      max: 3600,
    }),
    traces_path: signalPath('/v1/traces'),
  },
  { prose: 'Export of spans with the OpenTelemetry protocol (OTLP).', rules: [NO_PATH_WITH_GRPC] },
);

const KEEP = optionalObject(
  {
    errors: boolean({
      prose:
        'Failed requests: all with an `error.type`, such as 5xx responses, client disconnects and checksum mismatches; not those of `denied`, and not HEAD with 404. Also successful requests in which a request to the store or a policy engine failed and was retried.',
      default: true,
    }),
    denied: boolean({ prose: 'Requests that the gateway rejected with 401 or 403.', default: false }),
    slower_than_seconds: number({
      prose: 'Requests that took longer than this.',
      optional: true,
      min: 0,
      max: 86_400,
    }),
    larger_than: byteSize({
      prose: 'Uploads of objects and parts larger than this.',
      optional: true,
      min: 0,
      max: 5 * 1024 ** 4,
    }),
    max_bytes: byteSize({
      prose: 'Memory limit for buffered spans. When it is reached, the oldest trace is dropped and counted.',
      default: 32 * 1024 ** 2,
      min: 64 * 1024,
      max: 16 * 1024 ** 3,
    }),
    max_age_seconds: number({
      prose:
        'How long a trace is buffered before it is dropped and counted. A trace that exceeds `slower_than_seconds` by then is kept.',
      default: 900,
      min: 1,
      max: 86_400,
    }),
  },
  {
    prose:
      'Tail sampling: keeps traces by their outcome, in addition to those sampled at their start. Every request is then recorded, and its spans are buffered until the request ends.',
  },
);

/** Clients can set the sampled flag and choose trace IDs: by default their ratio is the gateway's own. */
const REMOTE_RATIO = {
  of: ['ratio'],
  from: ({ ratio }: Readonly<Record<string, unknown>>) => Number(ratio),
  text: '`ratio`',
} as const;

const STRATEGIES = ['always', 'never', 'ratio', 'parent_based'] as const;

const OVERRIDE = object(
  {
    bucket: string({ prose: 'The name of the bucket. Defaults to all buckets.', optional: true }),
    operations: optionalList(
      oneOf([...OPERATION_NAMES, ...BUCKET_OPERATION_NAMES], { prose: 'The name of an S3 operation.' }),
      { prose: 'The operations. Defaults to all operations.', hint: 'name at least one, such as [UploadPart]' },
    ),
    strategy: oneOf(STRATEGIES, { prose: 'Like `sampling.strategy`.', default: 'ratio' }),
    ratio: number({ prose: 'Like `sampling.ratio`.', default: 1, min: 0, max: 1 }),
    remote_ratio: number({ prose: 'Like `sampling.remote_ratio`.', derived: REMOTE_RATIO, min: 0, max: 1 }),
  },
  { prose: 'Sampling for some buckets or operations.' },
);

const SAMPLING = section(
  {
    strategy: oneOf(STRATEGIES, {
      prose:
        'The head sampler: all traces, none, a ratio by trace ID, or the decision of the caller and, for requests without trace context, a ratio.',
      default: 'parent_based',
    }),
    ratio: number({
      prose: 'The sampling ratio for `ratio` and `parent_based`, from 0 to 1.',
      default: 1,
      min: 0,
      max: 1,
    }),
    remote_ratio: number({
      prose:
        'The maximum sampling ratio for traces that untrusted callers (not in `trusted_proxies`) start. Their sampled flag, debug flag or trace ID cannot raise it. With `ratio`, both ratios apply; `always` keeps all.',
      derived: REMOTE_RATIO,
      min: 0,
      max: 1,
    }),
    max_traces_per_second: number({
      prose: 'Maximum number of traces per second that the head sampler keeps, and separately that `keep` adds.',
      optional: true,
      min: 0.001,
      max: 1_000_000,
    }),
    overrides: optionalList(OVERRIDE, {
      prose: 'Sampling for some buckets and operations. The first match applies.',
      hint: 'name at least one, such as { operations: [UploadPart], ratio: 0.01 }',
    }),
    keep: KEEP,
  },
  { prose: 'Sampling of traces.' },
);

const LIMITS = section(
  {
    attribute_count_limit: integer({
      prose: 'Maximum number of attributes per span.',
      default: 128,
      min: 1,
      max: 10_000,
    }),
    attribute_value_length_limit: integer({
      prose:
        'Maximum length of an attribute value, in UTF-16 code units. Clients control the length of keys, paths and user agents.',
      default: 1024,
      min: 32,
      max: 1024 ** 2,
    }),
    event_count_limit: integer({ prose: 'Maximum number of events per span.', default: 128, min: 0, max: 10_000 }),
    link_count_limit: integer({ prose: 'Maximum number of links per span.', default: 128, min: 0, max: 10_000 }),
    event_attribute_count_limit: integer({
      prose: 'Maximum number of attributes per event. The events of the gateway have none.',
      default: 128,
      min: 0,
      max: 10_000,
    }),
    link_attribute_count_limit: integer({
      prose: 'Maximum number of attributes per link. The links of the gateway have none.',
      default: 128,
      min: 0,
      max: 10_000,
    }),
  },
  {
    prose: 'Limits of one span. `mizuchi_tracer_truncated_total` counts truncated and omitted values.',
  },
);

/** The default batch size in spans: each batch has a fixed cost (docs/decisions/span-recorder.md). */
const DEFAULT_BATCH_SIZE = 2048;

const BATCH = section(
  {
    max_queue_size: integer({
      prose: 'Maximum number of spans in the export queue. Spans that exceed it are dropped and counted.',
      default: 8192,
      min: 1,
      max: 1_000_000,
    }),
    max_queue_bytes: byteSize({
      prose:
        'Memory limit of queued batches. The batch that is being filled, up to 1 MiB, is extra. A span of an upload has about 500 bytes, with `semantic_conventions: stable` about 400.',
      default: 8 * 1024 ** 2,
      min: 2 * 1024 ** 2,
      max: 1024 ** 3,
    }),
    scheduled_delay_millis: integer({
      prose: 'Milliseconds after which a batch is exported even if it is not full.',
      default: 5000,
      min: 1,
      max: 3_600_000,
    }),
    max_export_batch_size: integer({
      prose: 'Maximum number of spans per batch. A batch is also limited to about 1 MiB.',
      derived: {
        of: ['max_queue_size'],
        from: ({ max_queue_size }) => Math.min(DEFAULT_BATCH_SIZE, Number(max_queue_size)),
        text: `\`${DEFAULT_BATCH_SIZE}\`, or \`max_queue_size\` if that is less`,
      },
      min: 1,
      max: 1_000_000,
    }),
  },
  {
    prose: 'Batching of spans before export.',
    rules: [
      {
        of: ['max_queue_size', 'max_export_batch_size'],
        at: 'max_export_batch_size',
        broken: ({ max_queue_size, max_export_batch_size }) =>
          max_export_batch_size > max_queue_size
            ? {
                wrong: `is larger than max_queue_size, which is ${max_queue_size}`,
                hint: 'lower it, or raise max_queue_size',
              }
            : undefined,
      },
    ],
  },
);

const FALLBACK_FILE = section(
  {
    path: string({
      prose: 'The path of the file. Rotated files get `.1`, `.2` before the extension.',
      default: 'spans.jsonl',
    }),
    max_size: byteSize({
      prose: 'The size at which the file is rotated.',
      default: 64 * 1024 ** 2,
      min: 1024 ** 2,
      max: 1024 ** 4,
    }),
    max_files: integer({ prose: 'Maximum number of files. The oldest is deleted.', default: 4, min: 1, max: 1000 }),
  },
  { prose: 'The file of `fallback: file`. Each gateway needs its own file.' },
);

/** Resource attributes that have a dedicated field, so that they cannot be set twice. */
const DEDICATED_FIELD: ReadonlyMap<string, string> = new Map([
  ['service.name', 'tracing.service_name'],
  ['deployment.environment.name', 'tracing.environment'],
]);

export const TRACING = section(
  {
    enabled: boolean({
      prose:
        'Whether requests are traced. Without the section `tracing`, they are not. With `false`, no tracing code is loaded.',
      default: true,
    }),
    service_name: string({ prose: 'The resource attribute `service.name`.', default: 'mizuchi-uploadr' }),
    environment: string({
      prose: 'The resource attribute `deployment.environment.name`, such as `production`.',
      optional: true,
    }),
    provider: oneOf(['native', 'global'], {
      prose:
        "The tracer provider: the gateway's own, or the one that `node --import` registered with `@opentelemetry/api` (a vendor distribution, the official SDK). With `global`, that provider controls sampling, limits, resource and export.",
      default: 'native',
    }),
    exporter: oneOf(SPAN_EXPORTER_NAMES, {
      prose:
        'Where spans are exported to: a collector or, for development, standard output with one JSON object per line.',
      default: 'otlp',
    }),
    otlp: OTLP,
    fallback: oneOf(['none', 'console', 'file'], {
      prose:
        'Where spans go if the collector is unavailable, rejects the credentials or is too slow. `console` is standard error, `file` a file with one OTLP JSON request per line, for `mizuchi-uploadr replay`.',
      default: 'none',
    }),
    fallback_file: FALLBACK_FILE,
    propagators: optionalList(
      oneOf(['tracecontext', 'baggage', 'b3', 'b3multi', 'xray'], {
        prose: 'A format: W3C Trace Context, W3C Baggage, B3 in one header or in several, AWS X-Ray.',
      }),
      {
        prose:
          'The formats of incoming and outgoing trace context. Defaults to W3C Trace Context. If a request has several, the last one in the list applies.',
        hint: 'name at least one, such as [tracecontext, b3]',
      },
    ),
    inbound: oneOf(['continue', 'restart', 'ignore'], {
      prose:
        'How trace context from untrusted callers is handled: `continue` uses it as the parent, `restart` starts a new trace with a link to it, `ignore` starts a new trace without a link.',
      default: 'continue',
    }),
    trusted_proxies: optionalAddressRanges(
      'CIDR ranges of proxies and services that you operate. Their trace context is always continued, and their sampling decision is followed.',
    ),
    sampling: SAMPLING,
    batch: BATCH,
    limits: LIMITS,
    subject: oneOf(['hash', 'plain', 'off'], {
      prose:
        'How subjects appear in spans: as a keyed hash (`user.hash`), in plain text (`user.id`, which is personal data), or not at all.',
      default: 'hash',
    }),
    resource: stringMap({
      prose:
        'Additional resource attributes. They override the detected `service.version`, `service.instance.id`, `host.name` and `process.pid`.',
      type: 'map of attribute name to string',
      checkKey: (name) =>
        !DEDICATED_FIELD.has(name)
          ? undefined
          : { wrong: 'has a dedicated field', hint: `set ${DEDICATED_FIELD.get(name)} instead` },
    }),
    span_names: oneOf(['default', 'semconv'], {
      prose:
        'The names of spans: the fixed ones of docs/TRACING.md, or those of the OpenTelemetry semantic conventions, such as `PUT /uploads/{key}` and `S3.PutObject`.',
      default: 'default',
    }),
    semantic_conventions: oneOf(['stable', 'legacy', 'dup'], {
      prose: 'The names of HTTP attributes: the stable ones, the ones from before 2023, or both.',
      default: 'dup',
    }),
  },
  {
    prose: 'OpenTelemetry traces: one per request.',
    absent: { enabled: false },
    rules: [
      {
        of: ['provider', 'sampling', 'fallback', 'exporter'],
        at: 'provider',
        broken: ({ provider, sampling, fallback, exporter }) => {
          if (provider === 'native') return undefined;
          const unused = [
            sampling.keep && 'sampling.keep',
            sampling.overrides && 'sampling.overrides',
            sampling.max_traces_per_second !== undefined && 'sampling.max_traces_per_second',
            fallback !== 'none' && 'fallback',
            exporter !== 'otlp' && 'exporter',
          ].filter(Boolean);
          return unused.length === 0
            ? undefined
            : { wrong: `is global, so ${unused.join(', ')} has no effect`, hint: 'remove these settings' };
        },
      },
    ],
  },
);

export type TracingConfig = ValueOf<typeof TRACING>;
