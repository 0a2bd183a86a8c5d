/** What a client of the matrix is: a name, and its ways of uploading. */
import type { FileName, Place } from './place.ts';

/** Uploads a file under a key. @returns what the client said of its failure; undefined if it is content. */
export type Way = (place: Place, bucket: string, key: string) => Promise<string | undefined>;

/**
 * The ways by name, and the file that each uploads. `piped`: a stream whose length the client does not know. `metadata`: with
 * METADATA. `checksum`: with a checksum that the store keeps.
 */
export const WAYS = {
  empty: 'empty',
  small: 'small',
  piped: 'medium',
  eight: 'eight',
  large: 'large',
  single: 'single',
  presigned: 'medium',
  metadata: 'small',
  checksum: 'medium',
} as const satisfies Record<string, FileName>;
export type WayName = keyof typeof WAYS;

/** Uploaded once per client and store, not again over TLS. */
export const HEAVY: readonly string[] = ['large', 'single'] satisfies WayName[];

/** What the way `metadata` sends. */
export const METADATA = { contentType: 'text/x-test', user: { colour: 'dark-blue' } };

export type BucketName = 'uploads' | 'seen' | 'listed';

export interface MatrixClient {
  readonly name: string;
  /** `uploads`, unless the client needs one that answers more than uploads. */
  readonly bucket?: BucketName;
  readonly ways: { readonly [W in WayName]?: Way };
  /** Odd keys, each with the way in which one byte is uploaded under it. */
  readonly keys: Readonly<Record<string, Way>>;
  /** The way that is tried with a JWT as session token. */
  readonly token?: WayName;
  /** Lists first, which an upload gateway refuses. */
  readonly sync?: (place: Place, bucket: string) => Promise<string | undefined>;
  /** Uploads the folder `tree`, or as many files, below a key; tried where listings are answered with an empty list. */
  readonly tree?: Way;
  /** Makes its own bytes (CSV, Parquet), and leaves the same bytes in this file of the folder. */
  readonly writes?: 'written';
  /** Sends a content type, but has no user metadata. */
  readonly typeOnly?: boolean;
  /** Takes no certificate authority without changes to the system. */
  readonly plainOnly?: boolean;
  close(): Promise<void>;
}
