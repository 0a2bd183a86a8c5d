/** What failed in the last 15 minutes: counted by side, type and reason, each with its newest examples. */
import { FAILURES, type FailureType } from '../domain/failures.ts';
import type { FinishedRequest } from '../gateway/report.ts';
import { unsliced } from '../kit/unsliced.ts';
import type { FailureExample, FailureGroup } from './documents.ts';
import { keyOf, shownMessage } from './kept-request.ts';
import type { ShownKeys } from './shown-keys.ts';

const MINUTE_MILLIS = 60_000;
const MINUTES = 15;
const MOST_GROUPS = 200;
const MOST_EXAMPLES = 5;
/** Longer messages are truncated. */
const MESSAGE_LENGTH = 1_024;

export class RecentFailures {
  readonly #keys: ShownKeys;
  readonly #now: () => number;
  /** In the order of their last failure. */
  readonly #groups = new Map<string, Group>();

  /** @param now Unix time in milliseconds. */
  constructor(keys: ShownKeys, now: () => number = Date.now) {
    this.#keys = keys;
    this.#now = now;
  }

  finished(request: FinishedRequest): void {
    const { failure } = request;
    if (failure === undefined) return;
    const name = `${failure.type} ${failure.reason ?? ''}`;
    const group = this.#groups.get(name) ?? new Group(failure.type, failure.reason);
    this.#groups.delete(name);
    this.#groups.set(name, group);
    group.add(exampleOf(request, failure.message, this.#now()));
    if (this.#groups.size > MOST_GROUPS) this.#groups.delete(this.#groups.keys().next().value!);
  }

  /** The most frequent ones first. @param now Unix time in milliseconds. */
  groups(now: number = this.#now()): FailureGroup[] {
    const groups = [...this.#groups.values()].map((group) => group.document(now, this.#keys));
    return groups.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  }
}

interface Example {
  readonly at: number;
  readonly id: string;
  readonly traceId: string | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly message: string;
}

function exampleOf(request: FinishedRequest, message: string, at: number): Example {
  const { routed, named } = request.record;
  return {
    at,
    id: request.requestId,
    traceId: request.span.traceId,
    bucket: routed?.bucket.name ?? named?.bucket,
    key: keyOf(request),
    message: unsliced(message.slice(0, MESSAGE_LENGTH)),
  };
}

class Group {
  readonly #type: FailureType;
  readonly #reason: string | undefined;
  /** Of the last minutes: the minute `n` is at `n % MINUTES`. */
  readonly #counts = new Uint32Array(MINUTES);
  #minute = 0;
  /** Newest last. */
  readonly #examples: Example[] = [];

  constructor(type: FailureType, reason: string | undefined) {
    this.#type = type;
    this.#reason = reason;
  }

  add(example: Example): void {
    this.#advance(example.at);
    this.#counts[this.#minute % MINUTES]!++;
    this.#examples.push(example);
    if (this.#examples.length > MOST_EXAMPLES) this.#examples.shift();
  }

  document(now: number, keys: ShownKeys): FailureGroup {
    this.#advance(now);
    const examples = this.#examples.filter(({ at }) => now - at < MINUTES * MINUTE_MILLIS).toReversed();
    return {
      side: FAILURES[this.#type].side,
      error_type: this.#type,
      reason: this.#reason ?? null,
      count: this.#counts.reduce((sum, count) => sum + count, 0),
      examples: examples.map((example) => this.#shown(example, keys)),
    };
  }

  #shown({ at, id, traceId, bucket, key, message }: Example, keys: ShownKeys): FailureExample {
    return {
      at,
      id,
      trace_id: traceId ?? null,
      bucket: bucket ?? null,
      key: key === undefined ? null : keys.key(key),
      message: shownMessage(message, this.#type, key, keys),
    };
  }

  /** Empties the minutes since the last one; a clock that is set back changes nothing. */
  #advance(now: number): void {
    const minute = Math.floor(now / MINUTE_MILLIS);
    for (let next = Math.max(this.#minute + 1, minute - MINUTES + 1); next <= minute; next++)
      this.#counts[next % MINUTES] = 0;
    this.#minute = Math.max(this.#minute, minute);
  }
}
