/**
 * The JSON documents of the live view, as `/api/…` of the admin port sends them: docs/view-api.schema.json describes the same. Times
 * are Unix time in milliseconds, durations are in seconds, sizes in bytes. A value that is unknown or does not apply is null.
 */

/** What an upload waits for at the moment; null while nothing delays it. */
export type WaitingFor = 'client' | 'policy' | 'memory' | 'connection' | 'store' | null;

/** The stage that a request has reached. */
export type Stage = 'authentication' | 'form' | 'authorization' | 'upload' | 'response';

/** A timeout that ends the upload unless it goes on. */
export interface Deadline {
  /** Such as `client idle`, `store response` or `part memory`: for people. */
  readonly name: string;
  /** The setting of the limit, such as `server.body_idle_timeout_seconds`. */
  readonly setting: string;
  /** How long the wait has taken so far. */
  readonly elapsed_seconds: number;
  /** When the request ends. */
  readonly limit_seconds: number;
}

/** One part of an object that the gateway splits, on its way to the store. */
export interface LivePart {
  readonly number: number;
  readonly bytes: number;
  readonly age_seconds: number;
  readonly waiting_for: 'connection' | 'store';
}

/** One request that is being served. */
export interface Upload {
  /** `x-amz-request-id` of the gateway; the attribute `mizuchi.request_id`. */
  readonly id: string;
  readonly trace_id: string | null;
  readonly started_at: number;
  /** Since `started_at`. */
  readonly age_seconds: number;
  /** The bucket of the configuration; null before the request has one. */
  readonly bucket: string | null;
  /** The key, or its hash (`#` and 16 hex digits) without `admin.show_keys`. */
  readonly key: string | null;
  /** A pseudonym of the caller, equal for equal callers: the attribute `user.hash`. */
  readonly caller: string | null;
  /** The S3 operation. */
  readonly operation: string | null;
  readonly part_number: number | null;
  /** Equal for the requests of one multipart upload: a hash of its upload ID. */
  readonly upload: string | null;
  /** How the body moves: the attribute `upload.way`. */
  readonly way: string | null;
  readonly stage: Stage;
  /** Declared by the client. */
  readonly size_bytes: number | null;
  /** Of the body, so far. */
  readonly received_bytes: number;
  /** Of the last second; the average so far for an upload that was not seen before. */
  readonly bytes_per_second: number;
  readonly waiting_for: WaitingFor;
  /** How long it has waited for that. */
  readonly waiting_seconds: number | null;
  /** The nearest one. */
  readonly deadline: Deadline | null;
  /** The parts of an object that the gateway splits. */
  readonly parts: readonly LivePart[];
  /** Number of the worker from 1; null without workers. */
  readonly worker: number | null;
}

/** `GET /api/uploads`, and the event `uploads`. */
export interface UploadsDocument {
  /** When the document was made. */
  readonly at: number;
  /** Requests that are being served. */
  readonly total: number;
  /** Received in the last second, by the listed uploads. */
  readonly bytes_per_second: number;
  /** The longest-running ones, if there are more than 1,000. */
  readonly uploads: readonly Upload[];
}

export type Side = 'client' | 'gateway' | 'store';

/** One request that has ended. */
export interface RecentRequest {
  readonly id: string;
  /** Null with tracing disabled. */
  readonly trace_id: string | null;
  /** Whether the sampler exports its trace. */
  readonly sampled: boolean;
  /** Whether `GET /api/traces/{trace_id}` has its spans. */
  readonly has_spans: boolean;
  readonly started_at: number;
  readonly duration_seconds: number;
  /** Of the duration, the time that the request waited for the client. */
  readonly client_wait_seconds: number;
  /** Of the duration, the time that the request waited for the store. */
  readonly store_wait_seconds: number;
  readonly bucket: string | null;
  readonly key: string | null;
  readonly operation: string | null;
  readonly part_number: number | null;
  readonly upload: string | null;
  readonly method: string;
  /** Status that the client received; null if it received no response. */
  readonly status: number | null;
  /** Of the body, received from the client. */
  readonly bytes: number;
  /** Of an upload, at the store. */
  readonly outcome: 'stored' | 'not_stored' | 'unknown' | null;
  /** Who has to act on a failure; null after a success. */
  readonly side: Side | null;
  /** `error.type` and `error.reason`. */
  readonly error_type: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  /** Why it is still here: one of the newest 500, or kept longer. */
  readonly kept: 'recent' | 'failed' | 'slow';
  readonly worker: number | null;
}

/** `GET /api/traces`, newest first; and the event `traces` with the requests that ended since the last one. */
export interface TracesDocument {
  /** When the document was made. */
  readonly at: number;
  /** Whether requests are traced: without it there are no waterfalls. */
  readonly tracing: boolean;
  readonly requests: readonly RecentRequest[];
}

export type ServiceKind = 'store' | 'identity' | 'policy' | 'collector';

/** Calls to a service within one period of ten seconds. */
export interface LatencyPoint {
  /** The begin of the period. */
  readonly at: number;
  readonly calls: number;
  readonly failures: number;
  readonly mean_seconds: number;
  readonly max_seconds: number;
}

/** One service that the gateway uses. */
export interface Service {
  readonly kind: ServiceKind;
  /** The bucket, the engine and its bucket, the origin of the identity provider, or the signal of the collector. */
  readonly name: string;
  /** Its origin, without credentials; null if it is unknown. */
  readonly target: string | null;
  readonly state: 'ok' | 'failing' | 'unused';
  readonly last_success_at: number | null;
  readonly last_error: {
    readonly at: number;
    /** Such as `store_unreachable`. */
    readonly type: string;
    /** Such as `ECONNREFUSED`. */
    readonly cause: string | null;
    readonly trace_id: string | null;
  } | null;
  readonly breaker: 'closed' | 'half_open' | 'open' | null;
  /** Of the last 15 minutes, oldest first; periods without calls are absent. */
  readonly latency: readonly LatencyPoint[];
}

export interface Limit {
  /** Such as `upload.concurrent_uploads`. */
  readonly setting: string;
  readonly unit: 'bytes' | 'items';
  readonly limit: number;
  /** At the moment. */
  readonly used: number;
  /** Callers that wait for it; null where none can. */
  readonly waiting: number | null;
}

export interface Certificate {
  /** `server` or `client_ca`. */
  readonly use: string;
  readonly expires_at: number;
  readonly days_left: number;
}

export interface FailureExample {
  readonly at: number;
  readonly id: string;
  readonly trace_id: string | null;
  readonly bucket: string | null;
  readonly key: string | null;
  readonly message: string;
}

/** The failures of the last 15 minutes with one side, type and reason. */
export interface FailureGroup {
  /** The side that has to act. */
  readonly side: Side;
  readonly error_type: string;
  readonly reason: string | null;
  readonly count: number;
  /** The newest five, newest first. */
  readonly examples: readonly FailureExample[];
}

/** `GET /api/health`, and the event `health`. */
export interface HealthDocument {
  /** When the document was made. */
  readonly at: number;
  readonly version: string;
  readonly started_at: number;
  /** The status of the probe `/ready`, such as `ok` or `draining`. */
  readonly ready: string;
  /** Null without workers. */
  readonly workers: { readonly running: number; readonly wanted: number; readonly failures: number } | null;
  readonly services: readonly Service[];
  /** Limits that uploads share, with their use. */
  readonly limits: readonly Limit[];
  readonly certificates: readonly Certificate[];
  readonly failures: readonly FailureGroup[];
}

export interface Setting {
  /** Such as `admin.port`. */
  readonly path: string;
  /** In the syntax of the file; secrets are masked. */
  readonly value: string;
  /** Whether the configuration sets it. */
  readonly is_set: boolean;
  /** `file`, `default`, the name of a variable or of a file with a secret; `program` if it is not a file. */
  readonly source: string;
}

/** `GET /api/config`. */
export interface ConfigDocument {
  /** Path of the configuration; null if it is not a file. */
  readonly file: string | null;
  readonly settings: readonly Setting[];
  /** Whether the file on disk differs from the configuration in use: null if it is not a file. */
  readonly differs: boolean | null;
  /** Settings that differ; with `problem`, those of the file are unknown. */
  readonly changed: readonly string[];
  /** Why the file on disk cannot be used. */
  readonly problem: string | null;
}

/** `GET /api/view`: what the page needs to know about the gateway itself. */
export interface ViewDocument {
  readonly version: string;
  /** A template with `{trace_id}`: `admin.trace_url`. */
  readonly trace_url: string | null;
  /** Whether keys are shown, and not their hashes: `admin.show_keys`. */
  readonly shows_keys: boolean;
  /** Whether requests are traced. */
  readonly tracing: boolean;
}
