/** Counters and histograms of each request. */
import { OPERATION_ROWS } from '../domain/operation.ts';
import type { Attributes } from '../domain/span.ts';
import type { Registry, TraceOfValue } from './registry.ts';

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
  #inFlight = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    registry.onCollect(() => registry.set('mizuchi_uploads_in_flight', [], this.#inFlight));
  }

  requestStarted(): void {
    this.#inFlight++;
  }

  requestFinished(outcome: RequestOutcome): void {
    this.#inFlight--;
    const { bucket, operation, errorType, bytes, seconds } = outcome;
    const trace = traceOf(outcome);
    this.#registry.observe('mizuchi_request_duration_seconds', labelsOf(outcome), seconds, trace);
    if (this.#registry.isExported)
      this.#registry.observe('http.server.request.duration', serverAttributes(outcome), seconds, trace);
    if (bucket === undefined || operation === undefined) {
      this.#registry.add('mizuchi_refused_requests', [errorType ?? 'success'], 1, trace);
      return;
    }
    this.#registry.add('mizuchi_uploads', [bucket, operation, errorType ?? 'success'], 1, trace);
    if (bytes > 0) this.#registry.add('mizuchi_upload_bytes', [bucket, operation], bytes, trace);
    this.#registry.add('mizuchi_upload_wait_seconds', [bucket, operation, 'client'], outcome.clientWaitSeconds, trace);
    this.#registry.add('mizuchi_upload_wait_seconds', [bucket, operation, 'store'], outcome.storeWaitSeconds, trace);
    this.#registry.observe('mizuchi_upload_duration_seconds', [bucket, operation], seconds, trace);
    const event = MULTIPART_EVENTS.get(operation);
    if (event !== undefined && errorType === undefined)
      this.#registry.add('mizuchi_multipart_uploads', [bucket, event], 1, trace);
  }
}

/** Of every request: what has no bucket, operation, status or error has `none`. */
function labelsOf({ bucket = 'none', operation = 'none', status, errorType = 'none' }: RequestOutcome): string[] {
  const statusClass = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
  return [bucket, operation, statusClass, errorType];
}

/** OTel semantic conventions, "HTTP server metrics". Each is one of a few: the version only if it is one that node:http accepts. */
function serverAttributes({ attributes, status, errorType = '', httpRoute = '' }: RequestOutcome): string[] {
  const version = String(attributes['network.protocol.version']);
  return [
    String(attributes['http.request.method']),
    String(attributes['url.scheme']),
    status === undefined ? '' : String(status),
    errorType,
    httpRoute,
    VERSIONS.has(version) ? version : '',
  ];
}

const VERSIONS = new Set(['1.0', '1.1']);

function traceOf({ traceId, spanId }: RequestOutcome): TraceOfValue {
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
}
