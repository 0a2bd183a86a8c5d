/**
 * Limits that no setting changes, because S3 has the same ones, or because no regular request reaches them. `/metrics` shows them
 * as `mizuchi_limit_*{setting="fixed.…"}`, and docs/limits.md lists them.
 */
export const FIXED_LIMITS = {
  /** Bytes of a form before its file, and of its field values after `${filename}` was replaced (Amazon S3 API Reference, "POST Object": 20 KB). */
  form_fields_bytes: 20 * 1024,
  /** Fields before the file of a form. */
  form_fields: 100,
  /** Bytes of the file name in a form, in UTF-8: as many as a key may have. */
  file_name_bytes: 1024,
  /** Bytes of user metadata, names and values together (Amazon S3 User Guide, "Working with object metadata": 2 KB). */
  user_metadata_bytes: 2 * 1024,
  /** Bytes of JSON in one query to a policy engine. */
  authorization_query_bytes: 64 * 1024,
  /** Bytes of one parameter that an empty listing repeats, in UTF-8: as many as a key may have. */
  listing_parameter_bytes: 1024,
  /** Characters of one element in an error document. */
  error_element_characters: 64 * 1024,
  /** Bytes of a CompleteMultipartUpload document: 10,000 parts with their checksums take less. */
  completion_document_bytes: 2 * 1024 * 1024,
  /** Bytes of such a document between two tags. */
  completion_text_bytes: 8 * 1024,
  /** Ratio of `upload.concurrent_uploads` that POST forms may have while they are read, before authentication. */
  form_share: 0.5,
  /** Ratio of these slots, and of all, that one caller leaves to callers that hold less; at least one slot of two or more. */
  caller_reserve: 0.1,
  /** Seconds for which a form keeps its slot while others wait for one. */
  form_grace_seconds: 1,
  /** Queries that wait for a policy engine, and the longest wait in seconds. */
  engine_line: 1_000,
  engine_line_seconds: 5,
  /** Calls that wait for a connection to the store, and the longest wait in seconds. */
  store_line: 1_000,
  store_line_seconds: 30,
  /** Requests that wait for the keys of one identity provider. */
  keys_waiting: 256,
  /** Seconds in which the fields of a form, or all of a small one, must have arrived. */
  form_reading_seconds: 240,
  /** Seconds that a TLS handshake may take. */
  tls_handshake_seconds: 10,
  /** Seconds in which the PROXY header must be there; a lost packet is sent again within 3 s (proxy-protocol.txt, 2). */
  proxy_header_seconds: 5,
  /** Idle timeout of keep-alive connections in seconds: longer than those of load balancers in front. */
  idle_connection_seconds: 75,
  /** The part of a refused body that is read and discarded before the connection closes. */
  linger_bytes: 64 * 1024 * 1024,
  linger_seconds: 10,
  /** Bytes of a line of an aws-chunked body: the size of a chunk with its signature, or a trailer. */
  chunk_line_bytes: 1024,
  /** Trailers of an aws-chunked body. */
  trailers: 8,
  /** Header lines of one part of a form; browsers send two. */
  form_part_headers: 8,
  /** Characters of a token: what fits into the headers of a request. */
  token_characters: 16 * 1024,
  /** Keys in the key set of an identity provider; providers have two to ten. A token without `kid` is tried with each that could have signed it. */
  key_set_keys: 100,
  /** Bytes of a key set, and of a response of a store and of a policy engine, decompressed. */
  key_set_bytes: 1024 * 1024,
  store_response_bytes: 1024 * 1024,
  engine_response_bytes: 64 * 1024,
} as const;
