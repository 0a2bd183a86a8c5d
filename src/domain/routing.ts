/**
 * The result of routing. It is found once for each request, before the span of the request opens: sampling and CORS read
 * it, and the stages complete it. A refusal is a part of the result, and is thrown when the span is open.
 */
import type { Failure } from './failure.ts';
import type { Bucket, Incoming, Routed, Target } from './stages.ts';

/** The parts of a request that decide its route. */
export type Routable = Target & Pick<Incoming, 'method' | 'query' | 'headers'>;

/** The keys that a bucket accepts. */
export interface KeyRules {
  /** Longest key, in bytes of UTF-8; the limit of S3 by default. */
  readonly maxKeyBytes?: number | undefined;
  /** Whether the store keeps every key under its own name; false by default. */
  readonly literalKeys?: boolean | undefined;
}

/** The destination that the request names. */
export interface Destination<B extends Bucket = Bucket> {
  readonly request: Omit<Routed<B>, 'incoming'>;
  /** The headers of the request, together with those in the query of a presigned URL. */
  readonly headers: Incoming['headers'];
}

/** The path of a POST form names a bucket; the fields of its body name the key. */
export interface FormDestination<B extends Bucket = Bucket> {
  readonly form: { readonly bucket: B; readonly rules: KeyRules };
}

export interface Routing<B extends Bucket = Bucket> {
  /** Undefined where host and path do not name a bucket. */
  readonly bucket: B | undefined;
  /** Undefined where there is no bucket, or its rules refuse the key. Empty where the path names the bucket itself. */
  readonly key: string | undefined;
  /** Of the attribute `http.route`. */
  readonly httpRoute: string | undefined;
  readonly outcome: Destination<B> | FormDestination<B> | Failure;
  /** The S3 operation that a refused request to a bucket names; undefined for others. */
  readonly refusedOperation?: string | undefined;
}
