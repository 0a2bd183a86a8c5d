/** The identity of the caller, and the verified facts about a body that has not been read. */

/** The value of `auth.method`: `anonymous`, or one of an authentication scheme. */
export type AuthMethod = string;

export interface Identity {
  readonly method: AuthMethod;
  /** Undefined for `anonymous` only. Personal data: never in a span, a log line or a metric but as configured. */
  readonly subject: string | undefined;
  /** Claims of a verified token; empty without one. For the policy engine only. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Expiry of the credentials, in milliseconds since the epoch; undefined if they do not expire. No cached decision outlives it. */
  readonly expiresAt: number | undefined;
}

/** The declaration of the client about its body, as far as it is trustworthy. */
export interface Payload {
  /**
   * Lower-case hex SHA-256, `UNSIGNED-PAYLOAD` or a word that begins with `STREAMING-` (Amazon S3 API Reference,
   * "x-amz-content-sha256"). Of a signed request: the value that its signature covers.
   */
  readonly hash: string;
  /** Verifies the signatures of chunks; undefined if they are not signed. */
  readonly chunks: ChunkSignatures | undefined;
  /** Throws a Failure if the object may not have this number of bytes; for bodies without a declared length. */
  readonly judgeLength?: ((bytes: number) => void) | undefined;
}

/** Signs one body, chunk by chunk. Signatures are lower-case hex. */
export interface ChunkSigner {
  /** @param sha256 lower-case hex SHA-256 of the bytes of the next chunk. */
  signChunk(sha256: string): string;
  /** After the last chunk. @param sha256 of the trailer lines, each `name:value\n`. */
  signTrailer(sha256: string): string;
}

/** The chain of chunk signatures of one body: each covers the previous one. It does not expose the key. */
export interface ChunkSignatures {
  /**
   * Whether the signature of the next chunk is valid.
   * @param sha256 lower-case hex SHA-256 of its bytes.
   */
  verifyChunk(sha256: string, signature: string): boolean;
  /** The same of the trailer, after the last chunk. @param sha256 of the trailer lines, each `name:value\n`. */
  verifyTrailer(sha256: string, signature: string): boolean;
}
