/** Counters and histograms of each request. */
import { OPERATION_ROWS } from '../domain/operation.ts';
import type { Attributes } from '../domain/span.ts';
import { type Label, LabelMemo } from './label-memo.ts';
import type { Registry } from './registry.ts';
import type { Counter, Histogram, TraceOfValue } from './series.ts';

export interface RequestOutcome {
  /** Name of the bucket; undefined if the request never reached an operation. */
  readonly bucket: string | undefined;
  readonly operation: string | undefined;
  /** Status that the client received; undefined if it received none. */
  readonly status: number | undefined;
  /** Of the span, at its start: method, scheme and version. */
  readonly attributes: Attributes;
  /** `http.route`; undefined if no bucket was found. */
  readonly httpRoute: string | undefined;
  /** `error.type` of a request that failed. */
  readonly errorType: string | undefined;
  readonly bytes: number;
  readonly seconds: number;
  /** Of these, how long the gateway waited for bytes of the client, and how long for the store. */
  readonly clientWaitSeconds: number;
  readonly storeWaitSeconds: number;
  /** For exemplars: only of traces that are kept. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

const MULTIPART_EVENTS: ReadonlyMap<string, string | undefined> = new Map(
  OPERATION_ROWS.map(([name, { countedAs }]) => [name, countedAs]),
);

export class RequestMetrics {
  readonly #registry: Registry;
  readonly #series: LabelMemo<OutcomeLabels, RequestSeries>;
  readonly #serverDuration: LabelMemo<ServerLabels, Histogram>;
  #inFlight = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#series = new LabelMemo((labels) => seriesOf(registry, labels));
    this.#serverDuration = new LabelMemo((labels) =>
      registry.histogram('http.server.request.duration', serverAttributes(labels)),
    );
    registry.onCollect(() => registry.set('mizuchi_uploads_in_flight', [], this.#inFlight));
  }

  requestStarted(): void {
    this.#inFlight++;
  }

  requestFinished(outcome: RequestOutcome): void {
    this.#inFlight--;
    const { bucket, operation, status, errorType, seconds } = outcome;
    const trace = traceOf(outcome);
    const { duration, finished, upload } = this.#series.of([bucket, operation, status, errorType]);
    duration.observe(seconds, trace);
    if (this.#registry.isExported) this.#serverDuration.of(serverLabels(outcome)).observe(seconds, trace);
    finished.add(1, trace);
    if (upload !== undefined) countUpload(upload, outcome, trace);
  }
}

type OutcomeLabels = readonly [
  bucket: string | undefined,
  operation: string | undefined,
  status: number | undefined,
  errorType: string | undefined,
];

/** The series of all requests with one outcome. */
interface RequestSeries {
  readonly duration: Histogram;
  readonly finished: Counter;
  /** Undefined without an operation. */
  readonly upload: UploadSeries | undefined;
}

interface UploadSeries {
  readonly bytes: Counter;
  readonly clientWait: Counter;
  readonly storeWait: Counter;
  readonly duration: Histogram;
  readonly multipart: Counter | undefined;
}

/** What has no bucket, operation, status or error has `none`. */
function seriesOf(registry: Registry, [bucket, operation, status, errorType]: OutcomeLabels): RequestSeries {
  const statusClass = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
  const labels = [bucket ?? 'none', operation ?? 'none', statusClass, errorType ?? 'none'];
  const duration = registry.histogram('mizuchi_request_duration_seconds', labels);
  const result = errorType ?? 'success';
  if (bucket === undefined || operation === undefined)
    return { duration, finished: registry.counter('mizuchi_refused_requests', [result]), upload: undefined };
  const finished = registry.counter('mizuchi_uploads', [bucket, operation, result]);
  return { duration, finished, upload: uploadSeriesOf(registry, bucket, operation, errorType) };
}

function uploadSeriesOf(registry: Registry, bucket: string, operation: string, errorType?: string): UploadSeries {
  const event = errorType === undefined ? MULTIPART_EVENTS.get(operation) : undefined;
  return {
    bytes: registry.counter('mizuchi_upload_bytes', [bucket, operation]),
    clientWait: registry.counter('mizuchi_upload_wait_seconds', [bucket, operation, 'client']),
    storeWait: registry.counter('mizuchi_upload_wait_seconds', [bucket, operation, 'store']),
    duration: registry.histogram('mizuchi_upload_duration_seconds', [bucket, operation]),
    multipart: event === undefined ? event : registry.counter('mizuchi_multipart_uploads', [bucket, event]),
  };
}

function countUpload(series: UploadSeries, outcome: RequestOutcome, trace: TraceOfValue): void {
  if (outcome.bytes > 0) series.bytes.add(outcome.bytes, trace);
  series.clientWait.add(outcome.clientWaitSeconds, trace);
  series.storeWait.add(outcome.storeWaitSeconds, trace);
  series.duration.observe(outcome.seconds, trace);
  series.multipart?.add(1, trace);
}

type ServerLabels = readonly [
  method: Label,
  scheme: Label,
  status: Label,
  errorType: Label,
  route: Label,
  version: Label,
];

function serverLabels({ attributes, status, errorType, httpRoute }: RequestOutcome): ServerLabels {
  return [
    attributes['http.request.method'] as Label,
    attributes['url.scheme'] as Label,
    status,
    errorType,
    httpRoute,
    attributes['network.protocol.version'] as Label,
  ];
}

/** OTel semantic conventions, "HTTP server metrics". Each is one of a few: the version only if it is one that node:http accepts. */
function serverAttributes([method, scheme, status, errorType, route, version]: ServerLabels): string[] {
  const known = VERSIONS.has(version) ? version : undefined;
  return [String(method), String(scheme), ...[status, errorType, route, known].map((label) => String(label ?? ''))];
}

const VERSIONS: ReadonlySet<Label> = new Set(['1.0', '1.1']);

function traceOf({ traceId, spanId }: RequestOutcome): TraceOfValue {
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}
