/** Every metric of the gateway, with its name, type, labels and meaning; docs/metrics.md is generated from it. */

export interface MetricShape {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Only exported over OTLP: a metric of the semantic conventions. Attributes without a value are absent. */
  readonly semconv?: { readonly unit: 's'; readonly integers: readonly string[] };
  /** Upper bounds of a histogram, ascending, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** Seconds; from a small object on a fast store to a large one on a slow line. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] as const;

/** Seconds; from a computation to a call over a slow network. */
const SHORT_DURATIONS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Seconds; what the semantic conventions advise ("HTTP metrics"). */
const HTTP_DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

/** Counters are named without `_total` here, as OpenMetrics names the family; both formats add it to the sample. */
export const METRICS = {
  mizuchi_uploads: {
    type: 'counter',
    help: 'Finished requests by result: success, or the error.type of the trace. Includes upload operations, bucket requests (HeadBucket, GetBucketLocation, CreateBucket, listings) and preflights.',
    labels: ['bucket', 'operation', 'result'],
  },
  mizuchi_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the first byte of any request to the last byte of its response, refused requests included. status_class is 2xx to 5xx; a missing value is `none`. The status of a request whose client disconnected is `none`.',
    labels: ['bucket', 'operation', 'status_class', 'error_type'],
    buckets: DURATIONS,
  },
  mizuchi_refused_requests: {
    type: 'counter',
    help: 'Requests that reached no upload operation, by the error.type of the trace.',
    labels: ['result'],
  },
  mizuchi_refused_connections: {
    type: 'counter',
    help: 'Connections that ended before there was a request in them, by reason: TLS or the PROXY protocol failed, or there were too many.',
    labels: ['reason'],
  },
  mizuchi_upload_bytes: {
    type: 'counter',
    help: 'Object bytes received from clients, those of failed uploads included.',
    labels: ['bucket', 'operation'],
  },
  mizuchi_upload_duration_seconds: {
    type: 'histogram',
    help: 'Time from the first byte of a request for an upload operation to the last byte of its response.',
    labels: ['bucket', 'operation'],
    buckets: DURATIONS,
  },
  mizuchi_upload_wait_seconds: {
    type: 'counter',
    help: 'The part of that time spent waiting for bytes of the client and for the store. The rest is authentication, policy engines (which have their own histograms), waits for part memory or for a connection, pauses before further attempts, and the gateway itself.',
    labels: ['bucket', 'operation', 'for'],
  },
  mizuchi_multipart_uploads: {
    type: 'counter',
    help: 'Multipart uploads that clients started, completed or aborted. The difference between started and ended uploads may be orphans.',
    labels: ['bucket', 'event'],
  },
  mizuchi_auth_requests: {
    type: 'counter',
    help: 'Authenticated requests by method and result: accepted, or the error.type of the trace.',
    labels: ['bucket', 'method', 'result'],
  },
  mizuchi_auth_duration_seconds: {
    type: 'histogram',
    help: 'Duration of authentication.',
    labels: ['bucket', 'method'],
    buckets: SHORT_DURATIONS,
  },
  mizuchi_identity_key_fetches: {
    type: 'counter',
    help: 'Attempts to fetch the keys of an identity provider (JWKS).',
    labels: ['result'],
  },
  mizuchi_identity_key_fetch_duration_seconds: {
    type: 'histogram',
    help: 'Duration of these attempts, by identity provider.',
    labels: ['provider', 'result'],
    buckets: SHORT_DURATIONS,
  },
  mizuchi_identity_keys_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the keys of an identity provider were last fetched, in Unix time. They are fetched only while tokens arrive.',
    labels: ['provider'],
  },
  mizuchi_authz_decisions: {
    type: 'counter',
    help: 'Decisions of policy engines: allow, deny, or error where the engine gave none.',
    labels: ['bucket', 'engine', 'decision'],
  },
  mizuchi_authz_cached_decisions: {
    type: 'counter',
    help: 'Authorization decisions served from the cache.',
    labels: ['bucket', 'engine'],
  },
  mizuchi_authz_duration_seconds: {
    type: 'histogram',
    help: 'Duration of decisions that did not come from the cache.',
    labels: ['bucket', 'engine'],
    buckets: SHORT_DURATIONS,
  },
  mizuchi_engine_call_duration_seconds: {
    type: 'histogram',
    help: 'Duration of calls to a policy engine, by outcome: allow, deny, or the problem of the engine. Equal queries at the same time share a call.',
    labels: ['bucket', 'engine', 'outcome'],
    buckets: SHORT_DURATIONS,
  },
  mizuchi_authz_breaker_state: {
    type: 'gauge',
    help: 'Circuit breaker before a policy engine: 0 closed, 1 half-open, 2 open (no queries are sent, uploads get 503).',
    labels: ['bucket', 'engine'],
  },
  mizuchi_engine_calls_in_flight: {
    type: 'gauge',
    help: 'Authorization queries in flight to a policy engine (authz.*.max_concurrent).',
    labels: ['bucket', 'engine'],
  },
  mizuchi_engine_calls_waiting: {
    type: 'gauge',
    help: 'Authorization queries that wait because the limit of queries in flight is reached.',
    labels: ['bucket', 'engine'],
  },
  mizuchi_store_info: {
    type: 'gauge',
    help: 'Always 1. The endpoint of the store of each bucket.',
    labels: ['bucket', 'endpoint'],
  },
  mizuchi_store_request_duration_seconds: {
    type: 'histogram',
    help: 'Duration of requests to the store, each attempt alone, without the wait for a connection. status is the HTTP status, or the class of one that is not registered. error_type is the error.type, or the reason why the gateway cancelled the request. A missing value is `none`.',
    labels: ['bucket', 'operation', 'status', 'error_type'],
    buckets: DURATIONS,
  },
  mizuchi_store_retries: {
    type: 'counter',
    help: 'Requests to the store that repeat a failed one.',
    labels: ['bucket', 'operation'],
  },
  mizuchi_store_connections_in_use: {
    type: 'gauge',
    help: 'Calls to the store that hold a connection (s3.max_connections).',
    labels: ['bucket'],
  },
  mizuchi_store_connections_idle: {
    type: 'gauge',
    help: 'Open connections to the store that no call uses.',
    labels: ['bucket'],
  },
  mizuchi_store_connections_waiting: {
    type: 'gauge',
    help: 'Calls to the store that wait for a connection, because the limit is reached.',
    labels: ['bucket'],
  },
  mizuchi_forms_reading: {
    type: 'gauge',
    help: 'POST forms whose fields are being read (half of upload.concurrent_uploads at most).',
    labels: [],
  },
  mizuchi_uploads_in_flight: { type: 'gauge', help: 'Requests that are being served now.', labels: [] },
  mizuchi_connections: { type: 'gauge', help: 'Open connections of the upload port.', labels: [] },
  mizuchi_tls_certificate_not_after_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificates of the upload port expire, in Unix time: the earliest of each file, by use: server (server.tls.cert_file) or client_ca.',
    labels: ['use'],
  },
  mizuchi_last_reload_successful: {
    type: 'gauge',
    help: 'Whether the last read of a file succeeded: 1, or 0 while the previous content stays in use. content is access_keys or certificates.',
    labels: ['content', 'file'],
  },
  mizuchi_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When a file was last read with success, in Unix time.',
    labels: ['content', 'file'],
  },
  mizuchi_file_descriptors_exhausted: {
    type: 'counter',
    help: 'How often the process ran out of file descriptors. New connections are closed without a response then. Linux only.',
    labels: [],
  },
  mizuchi_workers: {
    type: 'gauge',
    help: 'Processes that serve uploads, where there are several: running, or wanted.',
    labels: ['state'],
  },
  mizuchi_worker_failures: { type: 'counter', help: 'Workers that ended unexpectedly, and were replaced.', labels: [] },
  mizuchi_config_info: {
    type: 'gauge',
    help: 'The configuration file in use: SHA-256 of its text.',
    labels: ['sha256'],
  },
  mizuchi_config_last_reload_successful: {
    type: 'gauge',
    help: 'Whether the last reload of the configuration succeeded: 1, or 0 while the previous configuration stays in use.',
    labels: [],
  },
  mizuchi_config_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the configuration in use was read, in Unix time.',
    labels: [],
  },
  mizuchi_limit_bytes: {
    type: 'gauge',
    help: 'Limits of the configuration in bytes, by setting. Limits without a setting begin with `fixed.`.',
    labels: ['setting'],
  },
  mizuchi_limit_seconds: { type: 'gauge', help: 'Limits in seconds, by setting.', labels: ['setting'] },
  mizuchi_limit_bytes_per_second: { type: 'gauge', help: 'Limits of rates, by setting.', labels: ['setting'] },
  mizuchi_limit_ratio: {
    type: 'gauge',
    help: 'Limits that are a part of another limit, by setting.',
    labels: ['setting'],
  },
  mizuchi_limit_items: {
    type: 'gauge',
    help: 'Limits of numbers, by setting: connections, uploads, parts, queries, headers, characters.',
    labels: ['setting'],
  },
  mizuchi_limit: {
    type: 'gauge',
    help: 'Deprecated: all limits, whatever their unit. Use the metrics above.',
    labels: ['setting'],
  },
  mizuchi_part_memory_bytes: {
    type: 'gauge',
    help: 'Memory that is reserved for parts of objects on their way (upload.memory_limit).',
    labels: [],
  },
  mizuchi_part_memory_waiting: { type: 'gauge', help: 'Uploads that wait for such memory.', labels: [] },
  mizuchi_part_memory_refusals: {
    type: 'counter',
    help: 'Uploads that were refused with SlowDown for lack of such memory, by reason. no_part_memory: none became free within upload.memory_wait_seconds. below_fair_rate: slower than upload.fair_rate while others waited.',
    labels: ['reason'],
  },
  mizuchi_pump_available: {
    type: 'gauge',
    help: 'Whether large bodies are moved without the main thread (upload.way: auto), by mode. splice: by the kernel. copy: by a thread that verifies them.',
    labels: ['mode'],
  },
  mizuchi_pump_transfers: { type: 'gauge', help: 'Bodies that such threads move at the moment.', labels: [] },
  mizuchi_pump_thread_deaths: { type: 'counter', help: 'Such threads that died; their uploads failed.', labels: [] },
  mizuchi_export_queue_items: {
    type: 'gauge',
    help: 'Spans, metrics and log records that are queued for the collector or under way, by signal.',
    labels: ['signal'],
  },
  mizuchi_export_exported_items: {
    type: 'counter',
    help: 'Spans, metrics and log records that the collector has accepted, by signal.',
    labels: ['signal'],
  },
  mizuchi_export_dropped_items: {
    type: 'counter',
    help: 'Spans, metrics and log records that were dropped, by signal and reason.',
    labels: ['signal', 'reason'],
  },
  mizuchi_export_breaker_state: {
    type: 'gauge',
    help: 'State of the circuit breaker before the collector, by signal: 0 closed, 2 open.',
    labels: ['signal'],
  },
  mizuchi_tracer_queue_spans: {
    type: 'gauge',
    help: 'Spans that have ended and are neither exported nor dropped nor written to the fallback.',
    labels: [],
  },
  mizuchi_tracer_queue_capacity_spans: { type: 'gauge', help: 'Most spans that the queue holds.', labels: [] },
  mizuchi_tracer_exported_spans: { type: 'counter', help: 'Spans that the collector has accepted.', labels: [] },
  mizuchi_tracer_fallback_spans: {
    type: 'counter',
    help: 'Spans that were written to the fallback (tracing.fallback), because the collector was unreachable or rejected the credentials.',
    labels: [],
  },
  mizuchi_tracer_breaker_state: {
    type: 'gauge',
    help: 'Circuit breaker before the collector: 0 closed, 2 open (one batch at a time probes it).',
    labels: [],
  },
  mizuchi_tracer_dropped_spans: { type: 'counter', help: 'Dropped spans, by reason.', labels: ['reason'] },
  mizuchi_tracer_truncated: {
    type: 'counter',
    help: 'Parts of spans beyond tracing.limits, by kind: value (shortened), attribute, event, link (left out).',
    labels: ['what'],
  },
  mizuchi_tracer_tail_traces: {
    type: 'counter',
    help: 'Traces kept by tail sampling (tracing.sampling.keep), by reason; `evicted`: dropped before a decision; `rate_limited`: beyond max_traces_per_second.',
    labels: ['outcome'],
  },
  mizuchi_build_info: {
    type: 'gauge',
    help: 'Always 1. The labels have the versions of the gateway and of Node.js.',
    labels: ['version', 'node_version'],
  },
  process_start_time_seconds: { type: 'gauge', help: 'When the process started, in Unix time.', labels: [] },
  process_cpu_seconds: { type: 'counter', help: 'CPU time of the process, user and system, all threads.', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory of the process.', labels: [] },
  process_open_fds: { type: 'gauge', help: 'Open file descriptors. Linux only.', labels: [] },
  process_max_fds: { type: 'gauge', help: 'The limit of open file descriptors. Linux only.', labels: [] },
  nodejs_heap_used_bytes: { type: 'gauge', help: 'Used heap of the main thread.', labels: [] },
  nodejs_heap_total_bytes: { type: 'gauge', help: 'Size of the heap of the main thread.', labels: [] },
  nodejs_external_memory_bytes: { type: 'gauge', help: 'Memory of buffers outside of the heap.', labels: [] },
  nodejs_eventloop_time_seconds: {
    type: 'counter',
    help: 'Time of the event loop of the main thread, by state: active or idle. Utilization is the rate of active.',
    labels: ['state'],
  },
  nodejs_eventloop_delay_seconds: {
    type: 'gauge',
    help: 'Delay of the event loop since metrics were last collected: p50, p99 and max, sampled every 20 ms.',
    labels: ['statistic'],
  },
  'http.server.request.duration': {
    type: 'histogram',
    help: 'Duration of HTTP server requests.',
    labels: [
      'http.request.method',
      'url.scheme',
      'http.response.status_code',
      'error.type',
      'http.route',
      'network.protocol.version',
    ],
    buckets: HTTP_DURATIONS,
    semconv: { unit: 's', integers: ['http.response.status_code'] },
  },
  'http.client.request.duration': {
    type: 'histogram',
    help: 'Duration of HTTP client requests: each attempt at the store.',
    labels: ['http.request.method', 'server.address', 'server.port', 'http.response.status_code', 'error.type'],
    buckets: HTTP_DURATIONS,
    semconv: { unit: 's', integers: ['server.port', 'http.response.status_code'] },
  },
} as const satisfies Record<string, MetricShape>;

export type MetricName = keyof typeof METRICS;
