/** Who the caller is, and what was proven about the body before it is read. */

/** The value of `auth.method`: `anonymous`, or one of an authentication scheme. */
export type AuthMethod = string;

export interface Identity {
  readonly method: AuthMethod;
  /** Undefined for `anonymous` only. Personal data: never in a span, a log line or a metric but as configured. */
  readonly subject: string | undefined;
  /** Claims of a verified token; empty without one. For the policy engine's eyes only. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the credential ends, in milliseconds since the epoch; undefined if it does not. No decision outlives it. */
  readonly expiresAt: number | undefined;
}

/** What the client says of its body, as far as it can be believed. */
export interface Payload {
  /**
   * Lower-case hex SHA-256, `UNSIGNED-PAYLOAD` or a word that begins with `STREAMING-` (Amazon S3 API Reference,
   * "x-amz-content-sha256"). Of a signed request: the very value that its signature covers.
   */
  readonly hash: string;
  /** Checks the signatures of chunks; there only where somebody signed them. */
  readonly chunks: ChunkSignatures | undefined;
  /** Throws a Failure where the object may not have this number of bytes; there where its length was not known before. */
  readonly judgeLength?: ((bytes: number) => void) | undefined;
}

/** Signs one body, chunk by chunk. Signatures are lower-case hex. */
export interface ChunkSigner {
  /** @param sha256 lower-case hex SHA-256 of the bytes of the next chunk. */
  signChunk(sha256: string): string;
  /** After the last chunk. @param sha256 of the trailer lines, each `name:value\n`. */
  signTrailer(sha256: string): string;
}

/** The chain of chunk signatures of one body: each covers the one before. It holds what it needs, and gives no key away. */
export interface ChunkSignatures {
  /**
   * Whether the next chunk bears the right signature.
   * @param sha256 lower-case hex SHA-256 of its bytes.
   */
  verifyChunk(sha256: string, signature: string): boolean;
  /** The same of the trailer, after the last chunk. @param sha256 of the trailer lines, each `name:value\n`. */
  verifyTrailer(sha256: string, signature: string): boolean;
}
