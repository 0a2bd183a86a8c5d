/**
 * The requests that have ended: the last 500, and for longer the failed and the slowest ones. Bounded in bytes: the spans of the oldest
 * ordinary requests go first. At the end of a request this only takes notes; sorting, hashing and JSON are for watchers.
 */
import type { OtlpSpan, OtlpTraces, RecordedRequests } from '../domain/recorded-requests.ts';
import type { FinishedRequest } from '../gateway/report.ts';
import { AgeList } from '../kit/age-list.ts';
import { KeptFailures } from './kept-failures.ts';
import { documentOf, KeptRequest } from './kept-request.ts';
import type { ShownKeys } from './shown-keys.ts';
import { shownSpans, withLeftOut } from './shown-spans.ts';
import { SlowestRequests } from './slowest-requests.ts';
import type { RequestsOfProcess } from './sources.ts';

const MOST_RECENT = 500;
const MOST_FAILED_OF_TYPE = 20;
const MOST_FAILED = 300;
const MOST_SLOW = 50;
const MOST_BYTES = 16 * 1024 * 1024;
/** Of the spans of one trace, as they are kept: a watcher gets the newest requests of a larger trace. */
const MOST_TRACE_BYTES = 1024 * 1024;

export interface RecentRequestsParts {
  readonly keys: ShownKeys;
  /** Undefined without spans: with tracing disabled, or recorded by another provider. */
  readonly recorded: RecordedRequests | undefined;
  /** Unix time in milliseconds. */
  now?(): number;
}

export class RecentRequests {
  readonly #keys: ShownKeys;
  readonly #recorded: RecordedRequests | undefined;
  readonly #now: () => number;
  readonly #failed = new KeptFailures(MOST_FAILED_OF_TYPE, MOST_FAILED);
  readonly #slow = new SlowestRequests(MOST_SLOW);
  /** A ring. */
  readonly #recent: KeptRequest[] = [];
  /** With spans, in the order in which these go: first those of ordinary requests. */
  readonly #ordinary = new AgeList<KeptRequest>();
  readonly #special = new AgeList<KeptRequest>();
  #sequence = 0;
  #bytes = 0;

  constructor({ keys, recorded, now = Date.now }: RecentRequestsParts) {
    this.#keys = keys;
    this.#recorded = recorded;
    this.#now = now;
  }

  /** Estimate of the memory of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param request whose span has ended. */
  finished(request: FinishedRequest): void {
    const now = this.#now();
    const kept = new KeptRequest(++this.#sequence, request, this.#recorded, now);
    const at = (kept.sequence - 1) % MOST_RECENT;
    const before = this.#recent[at];
    this.#recent[at] = kept;
    this.#bytes += kept.bytes + kept.spanBytes;
    if (kept.spans !== undefined) this.#listOf(kept).add(kept);
    if (before !== undefined) this.#leave(before, now);
    while (this.#bytes > MOST_BYTES && this.#dropOldestSpans());
  }

  /** Newest first. @param since only those with a higher sequence; one that is higher than all is of a process before this one. */
  requests(since: number): RequestsOfProcess {
    this.#expire();
    const from = since > this.#sequence ? 0 : since;
    const requests = this.#all().filter(({ sequence }) => sequence > from);
    return { sequence: this.#sequence, requests: requests.map((request) => documentOf(request, this.#keys)) };
  }

  /** The spans of the requests of a trace as one OTLP request in JSON; undefined if there are none. */
  trace(traceId: string): string | undefined {
    const requests = this.#all().filter((request) => request.traceId === traceId && request.spans !== undefined);
    const traces = upTo(MOST_TRACE_BYTES, requests).map((request) => this.#tracesOf(request));
    return traces.length === 0 ? undefined : JSON.stringify(joined(traces.reverse()));
  }

  #tracesOf({ spans: recorded, key }: KeptRequest): OtlpTraces {
    const traces = recorded!.otlp();
    const group = spansIn(traces);
    const { leftOut } = recorded!;
    group.splice(0, group.length, ...shownSpans(withLeftOut(group, leftOut), key, this.#keys));
    return traces;
  }

  /** Newest first. */
  #all(): KeptRequest[] {
    const all = [...this.#recent, ...this.#failed.requests(), ...this.#slow.requests()];
    return all.sort((a, b) => b.sequence - a.sequence);
  }

  /** @param request that is not one of the last ones any more. */
  #leave(request: KeptRequest, now: number): void {
    const hasFailed = request.errorType !== undefined;
    const dropped = hasFailed ? this.#failed.add(request) : this.#slow.add(request, now);
    if (dropped !== request) this.#keep(request, hasFailed ? 'failed' : 'slow');
    if (dropped !== undefined) this.#drop(dropped);
  }

  #keep(request: KeptRequest, kept: KeptRequest['kept']): void {
    const { spans } = request;
    if (spans !== undefined) this.#listOf(request).remove(request);
    request.kept = kept;
    if (spans === undefined) return;
    this.#listOf(request).add(request);
    spans.detach();
  }

  #expire(): void {
    for (const request of this.#slow.expire(this.#now())) this.#drop(request);
  }

  #listOf({ errorType, kept }: KeptRequest): AgeList<KeptRequest> {
    return errorType === undefined && kept === 'recent' ? this.#ordinary : this.#special;
  }

  #drop(request: KeptRequest): void {
    this.#dropSpans(request);
    this.#bytes -= request.bytes;
  }

  #dropOldestSpans(): boolean {
    const oldest = this.#ordinary.oldest ?? this.#special.oldest;
    if (oldest === undefined) return false;
    this.#dropSpans(oldest);
    return true;
  }

  #dropSpans(request: KeptRequest): void {
    if (request.spans === undefined) return;
    this.#listOf(request).remove(request);
    this.#bytes -= request.spanBytes;
    request.spans = undefined;
  }
}

/** The first requests, with a limit for their spans together; the first one always. */
function upTo(bytes: number, requests: readonly KeptRequest[]): KeptRequest[] {
  let sum = 0;
  return requests.filter(({ spans }, i) => (sum += spans!.bytes) <= bytes || i === 0);
}

/** All of them have the same resource and scope. */
function joined([first, ...others]: readonly OtlpTraces[]): OtlpTraces {
  for (const traces of others) spansIn(first!).push(...spansIn(traces));
  return first!;
}

const spansIn = ({ resourceSpans }: OtlpTraces): OtlpSpan[] => resourceSpans[0]!.scopeSpans[0]!.spans;
