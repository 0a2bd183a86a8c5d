/** The ways in which the bytes of an object go to the store, and the reasons for each choice: `upload.way` and `upload.way_reason`. */

export const WAYS = {
  collected: 'read into memory, verified, then sent in one request',
  streamed: 'sent in one request while it arrives',
  spliced: 'moved by the kernel in one request while it arrives, unread by the gateway',
  pumped: 'sent in one request while it arrives, and verified on the way by a separate thread',
  split: 'sent in parts, or in one request if it ends within the first part',
} as const;

export type WayName = keyof typeof WAYS;

export const WAY_REASONS = {
  small: 'the object has at most 64 KiB',
  undeclared_length: 'the client does not declare the length',
  above_threshold: 'the object is larger than the multipart threshold',
  above_request_limit: 'the object is larger than the 5 GiB of one request',
  below_threshold: 'the object is not larger than the multipart threshold',
  part_of_client: "a part of the client's own multipart upload is not split again",
  conditional_write: 'the store checks a condition most safely in one request',
  checksum_only_of_whole: 'only the store can verify the checksum, and only of the whole object',
  store_without_checksums: 'the store accepts no checksums, so its parts could not carry the promise of the client',
  no_part_memory: 'no memory for parts is free',
  unread: 'the client promises nothing about the bytes, or nothing that the store does not verify itself',
  verified_on_the_way: 'the gateway verifies the bytes',
  unmovable_connection:
    "no pump can read the client's connection: it uses TLS, or the length of the body is not in Content-Length",
  store_over_tls: 'the connection to the store uses TLS',
  signed_bytes: 'the client signs its chunks, or the gateway signs the bytes',
  not_taken: 'most of the body had arrived with its headers, or its connection had failed',
  pump_busy: 'the pump had no free place or descriptor',
} as const;

export type WayReason = keyof typeof WAY_REASONS;
