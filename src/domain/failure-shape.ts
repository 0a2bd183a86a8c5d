/** The shape of a row of the table of failures. */

export interface FailureShape {
  /** S3 error code, as in the `<Code>` of the error XML (Amazon S3 API Reference, "Error responses"). */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Who has to act: the client, the operator of the gateway, or the store. */
  readonly side: 'client' | 'gateway' | 'store';
  /** The message in the response, unless the failure has a more precise one. */
  readonly message: string;
  /** Seconds for the Retry-After header; a Failure may bring its own header instead. */
  readonly retryAfter?: number;
  /** Whether the connection closes after the response, because the start of the next request is uncertain. */
  readonly closesConnection?: true;
  /** Whether the client or a shutdown ended the request, so that it is not an error of the store or a policy engine. */
  readonly isCancellation?: true;
  /** Whether the store may have executed the request: its response was not received. */
  readonly outcomeUnknown?: true;
  /** The settings of `mizuchi_limit_*` that this failure enforces; those of a bucket without its name, `*` for any engine. */
  readonly limits?: readonly string[];
}

/** Seconds: long enough for a slot or a connection to become free. */
export const RETRY_AFTER = 2;
