/** What a client of the matrix is: a name, and its ways of uploading. */
import type { FileName, Place } from './place.ts';

/** Uploads a file under a key. @returns what the client said of its failure; undefined if it is content. */
export type Way = (place: Place, bucket: string, key: string) => Promise<string | undefined>;

/** The ways by name, and the file that each uploads. `piped`: a stream whose length the client does not know. */
export const WAYS = {
  empty: 'empty',
  small: 'small',
  piped: 'medium',
  large: 'large',
  single: 'large',
  presigned: 'medium',
} as const satisfies Record<string, FileName>;
export type WayName = keyof typeof WAYS;

export interface MatrixClient {
  readonly name: string;
  /** `uploads`, unless it must be the one whose objects can be asked for. */
  readonly bucket?: 'seen';
  readonly ways: { readonly [W in WayName]?: Way };
  /** Odd keys, each with the way in which one byte is uploaded under it. */
  readonly keys: Readonly<Record<string, Way>>;
  /** Lists first, which an upload gateway refuses. */
  readonly sync?: (place: Place, bucket: string) => Promise<string | undefined>;
  close(): Promise<void>;
}
