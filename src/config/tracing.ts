/** The section `tracing`: which requests are traced, and where the spans go. */

import { BUCKET_REQUESTS, OPERATIONS } from '../domain/operation.ts';
import { SPAN_EXPORTER_NAMES } from '../domain/span-exporters.ts';
import { optionalAddressRanges } from './address-ranges.ts';
import { object, optionalList, optionalObject, section, stringMap, type ValueOf } from './field.ts';
import { NO_PATH_WITH_GRPC, otlpFields, READ_AGAIN } from './otlp.ts';
import { boolean, byteSize, integer, number, oneOf, string } from './scalars.ts';

const OPERATION_NAMES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
const BUCKET_QUESTION_NAMES = Object.keys(BUCKET_REQUESTS) as (keyof typeof BUCKET_REQUESTS)[];

const OTLP = section(
  {
    ...otlpFields('/v1/traces', READ_AGAIN),
    timeout_seconds: number({
      prose:
        'How long one attempt to deliver a batch may take. A batch that was not delivered within a minute is dropped and counted.',
      default: 10,
      min: 0.01,
      max: 3600,
    }),
    traces_path: string({
      prose: 'The path that is added to the endpoint with `http/protobuf`, unless it ends so already.',
      default: '/v1/traces',
      check: (path) => (/^(\/[\x21-\x7e]*)?$/.test(path) ? undefined : 'is no path'),
      mend: 'write a path that begins with "/", or nothing',
    }),
  },
  { prose: 'Where spans are sent, in the OpenTelemetry protocol.', rules: [NO_PATH_WITH_GRPC] },
);

const KEEP = optionalObject(
  {
    errors: boolean({
      prose:
        'Those that failed for their clients, whoever is to blame: every one with an `error.type`, such as 5xx, uploads that broke off, a checksum that does not fit; not those of `denied`, and no HEAD that is answered 404. And those in which a call to the store or a policy engine failed, though the next attempt went well.',
      default: true,
    }),
    denied: boolean({ prose: 'Those that the gateway refused because of who asked: 401 and 403.', default: false }),
    slower_than_seconds: number({
      prose: 'Those that took longer.',
      optional: true,
      min: 0,
      max: 86_400,
    }),
    larger_than: byteSize({ prose: 'Those of larger objects and parts.', optional: true, min: 0, max: 5 * 1024 ** 4 }),
    max_bytes: byteSize({
      prose:
        'Memory for spans that wait. Where it is full, the trace that has waited longest is given up, and counted.',
      default: 32 * 1024 ** 2,
      min: 64 * 1024,
      max: 16 * 1024 ** 3,
    }),
    max_age_seconds: number({
      prose: 'How long a trace may wait for its end; then it is given up, and counted. What is slow by then is kept.',
      default: 900,
      min: 1,
      max: 86_400,
    }),
  },
  {
    prose:
      'Traces that are kept for what became of them, whatever was decided when they began. Every request is then recorded, and its spans wait until it is over.',
  },
);

/** Callers can put a flag into every request, and choose their trace ids: they get no larger share than the gateway's own. */
const SHARE_OF_CALLERS = {
  of: ['ratio'],
  from: ({ ratio }: Readonly<Record<string, unknown>>) => Number(ratio),
  text: '`ratio`',
} as const;

const STRATEGIES = ['always', 'never', 'ratio', 'parent_based'] as const;

const OVERRIDE = object(
  {
    bucket: string({ prose: 'Name of the bucket; any, unless given.', optional: true }),
    operations: optionalList(
      oneOf([...OPERATION_NAMES, ...BUCKET_QUESTION_NAMES], { prose: 'Name of an S3 operation.' }),
      { prose: 'The operations; any, unless given.', mend: 'name at least one, such as [UploadPart]' },
    ),
    strategy: oneOf(STRATEGIES, { prose: 'As `sampling.strategy`.', default: 'ratio' }),
    ratio: number({ prose: 'As `sampling.ratio`.', default: 1, min: 0, max: 1 }),
    remote_ratio: number({ prose: 'As `sampling.remote_ratio`.', derived: SHARE_OF_CALLERS, min: 0, max: 1 }),
  },
  { prose: 'What holds for some requests.' },
);

const SAMPLING = section(
  {
    strategy: oneOf(STRATEGIES, {
      prose:
        'Which traces are kept: all, none, a share of them by trace id, or what the caller decided and, where there is no caller, a share.',
      default: 'parent_based',
    }),
    ratio: number({ prose: 'The share, for `ratio` and `parent_based`. 1 is all.', default: 1, min: 0, max: 1 }),
    remote_ratio: number({
      prose:
        'Of the traces that callers who are not trusted (`trusted_proxies`) continue into the gateway, the share that may be kept: a sampled flag, a debug flag or a chosen trace id of theirs cannot raise it. With `ratio` they must be in both shares; `always` keeps all.',
      derived: SHARE_OF_CALLERS,
      min: 0,
      max: 1,
    }),
    max_traces_per_second: number({
      prose:
        'Most traces that are kept in a second, whoever decided for them, and as many again for what became of them (`keep`).',
      optional: true,
      min: 0.001,
      max: 1_000_000,
    }),
    overrides: optionalList(OVERRIDE, {
      prose: 'Other strategies for some buckets and operations. The first that fits counts.',
      mend: 'name at least one, such as { operations: [UploadPart], ratio: 0.01 }',
    }),
    keep: KEEP,
  },
  { prose: 'Which traces are kept.' },
);

const LIMITS = section(
  {
    attribute_count_limit: integer({ prose: 'Most attributes of a span.', default: 128, min: 1, max: 10_000 }),
    attribute_value_length_limit: integer({
      prose:
        'Longest text of an attribute, in UTF-16 code units. Keys, paths and user agents are chosen by whoever asks.',
      default: 1024,
      min: 32,
      max: 1024 ** 2,
    }),
    event_count_limit: integer({ prose: 'Most events of a span.', default: 128, min: 0, max: 10_000 }),
    link_count_limit: integer({ prose: 'Most links of a span.', default: 128, min: 0, max: 10_000 }),
    event_attribute_count_limit: integer({ prose: 'Most attributes of an event.', default: 128, min: 0, max: 10_000 }),
    link_attribute_count_limit: integer({ prose: 'Most attributes of a link.', default: 128, min: 0, max: 10_000 }),
  },
  {
    prose: 'How much one span may hold. What is cut short or left out is counted in `mizuchi_tracer_truncated_total`.',
  },
);

/** Spans, where nothing is said: each batch has a cost of its own (docs/decisions/span-recorder.md). */
const MOST_OF_A_BATCH = 2048;

const BATCH = section(
  {
    max_queue_size: integer({
      prose: 'Most spans that wait for export; those that come when it is full are dropped and counted.',
      default: 8192,
      min: 1,
      max: 1_000_000,
    }),
    max_queue_bytes: byteSize({
      prose:
        'Most memory of batches that wait for export; the batch that is being filled, up to 1 MiB, comes on top. A span of an upload has about 350 bytes.',
      default: 8 * 1024 ** 2,
      min: 2 * 1024 ** 2,
      max: 1024 ** 3,
    }),
    scheduled_delay_millis: integer({
      prose: 'Milliseconds after which a batch is sent even if it is not full.',
      default: 5000,
      min: 1,
      max: 3_600_000,
    }),
    max_export_batch_size: integer({
      prose: 'Most spans of one batch, which is not much more than 1 MiB either.',
      derived: {
        of: ['max_queue_size'],
        from: ({ max_queue_size }) => Math.min(MOST_OF_A_BATCH, Number(max_queue_size)),
        text: `\`${MOST_OF_A_BATCH}\`, or \`max_queue_size\` where that is less`,
      },
      min: 1,
      max: 1_000_000,
    }),
  },
  {
    prose: 'How spans are collected before they are sent.',
    rules: [
      {
        of: ['max_queue_size', 'max_export_batch_size'],
        at: 'max_export_batch_size',
        broken: ({ max_queue_size, max_export_batch_size }) =>
          max_export_batch_size > max_queue_size
            ? {
                wrong: `is larger than max_queue_size, which is ${max_queue_size}`,
                mend: 'lower it, or raise max_queue_size',
              }
            : undefined,
      },
    ],
  },
);

const FALLBACK_FILE = section(
  {
    path: string({ prose: 'The file; the next ones are called `.1`, `.2` before the ending.', default: 'spans.jsonl' }),
    max_size: byteSize({
      prose: 'Size at which the next file is begun.',
      default: 64 * 1024 ** 2,
      min: 1024 ** 2,
      max: 1024 ** 4,
    }),
    max_files: integer({ prose: 'Most files that are kept; the oldest goes.', default: 4, min: 1, max: 1000 }),
  },
  { prose: 'The file of `fallback: file`: one of its own for each gateway.' },
);

/** Attributes of the resource that have a field of their own: two places for one thing would contradict each other one day. */
const OWN_FIELD: ReadonlyMap<string, string> = new Map([
  ['service.name', 'tracing.service_name'],
  ['deployment.environment.name', 'tracing.environment'],
]);

export const TRACING = section(
  {
    enabled: boolean({
      prose:
        'Whether requests are traced. Where the whole section is absent they are not; with `false` no tracing code is loaded.',
      default: true,
    }),
    service_name: string({ prose: 'The resource attribute `service.name`.', default: 'mizuchi-uploadr' }),
    environment: string({
      prose: 'The resource attribute `deployment.environment.name`, such as `production`.',
      optional: true,
    }),
    provider: oneOf(['native', 'global'], {
      prose:
        'Who records the spans: the gateway itself, or the tracer provider that `node --import` has registered with `@opentelemetry/api` (a distribution of your vendor, the official SDK). With `global`, sampling, limits, resource and export are the business of that provider.',
      default: 'native',
    }),
    exporter: oneOf(SPAN_EXPORTER_NAMES, {
      prose: 'Where spans go: to a collector, or, for development, to the standard output, one JSON object a line.',
      default: 'otlp',
    }),
    otlp: OTLP,
    fallback: oneOf(['none', 'console', 'file'], {
      prose:
        'Where spans go while the collector is gone or lets nobody pass, and those that it did not take in time: nowhere, to the standard error, or to a file, as OTLP JSON, one request a line. `mizuchi-uploadr replay` sends them later.',
      default: 'none',
    }),
    fallback_file: FALLBACK_FILE,
    propagators: optionalList(
      oneOf(['tracecontext', 'baggage', 'b3', 'b3multi', 'xray'], {
        prose: 'A format: W3C Trace Context, W3C Baggage, B3 in one header or in several, AWS X-Ray.',
      }),
      {
        prose:
          'The formats in which trace context is read from callers and sent on; W3C Trace Context, unless given. Where several are found, the last of the list is believed.',
        mend: 'name at least one, such as [tracecontext, b3]',
      },
    ),
    inbound: oneOf(['continue', 'restart', 'ignore'], {
      prose:
        'What becomes of the trace context of callers who are not trusted: it is continued, or a trace of our own begins, which links to it, or which does not.',
      default: 'continue',
    }),
    trusted_proxies: optionalAddressRanges(
      'Addresses of proxies and services of your own, with CIDR: their context is always continued, and followed.',
    ),
    sampling: SAMPLING,
    batch: BATCH,
    limits: LIMITS,
    subject: oneOf(['hash', 'plain', 'off'], {
      prose:
        'How callers appear in spans: as a keyed hash (`user.hash`), by name (`user.id`, which is personal data), or not at all.',
      default: 'hash',
    }),
    resource: stringMap({
      prose:
        'Further resource attributes. `service.version`, `service.instance.id`, `host.name` and `process.pid` are known without; what stands here goes before.',
      type: 'map of attribute name to string',
      checkKey: (name) =>
        !OWN_FIELD.has(name)
          ? undefined
          : { wrong: 'has a field of its own', mend: `set ${OWN_FIELD.get(name)} instead` },
    }),
    semantic_conventions: oneOf(['stable', 'legacy', 'dup'], {
      prose: "The names of HTTP attributes: today's, those from before 2023, or both.",
      default: 'stable',
    }),
  },
  {
    prose: 'OpenTelemetry traces: one for each request.',
    absent: { enabled: false },
    rules: [
      {
        of: ['provider', 'sampling', 'fallback', 'exporter'],
        at: 'provider',
        broken: ({ provider, sampling, fallback, exporter }) => {
          if (provider === 'native') return undefined;
          const moot = [
            sampling.keep && 'sampling.keep',
            sampling.overrides && 'sampling.overrides',
            sampling.max_traces_per_second !== undefined && 'sampling.max_traces_per_second',
            fallback !== 'none' && 'fallback',
            exporter !== 'otlp' && 'exporter',
          ].filter(Boolean);
          return moot.length === 0
            ? undefined
            : { wrong: `leaves ${moot.join(', ')} without effect`, mend: 'remove what the provider decides itself' };
        },
      },
    ],
  },
);

export type TracingConfig = ValueOf<typeof TRACING>;
