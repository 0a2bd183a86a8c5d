/**
 * The checksums of S3, as a table: which of them the gateway verifies, forwards and adds. Values are base64, as in
 * `x-amz-checksum-<name>` (Amazon S3 User Guide, "Checking object integrity"). src/body/checksum.ts computes them.
 */

/** Of all bytes of an object, or of the checksums of its parts (Amazon S3 User Guide, "Checking object integrity"). */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

interface ChecksumShape {
  /** Length of the base64 form in characters. */
  readonly encodedLength: number;
  /** Possible values of `x-amz-checksum-type` for an object in parts; the first is the default. */
  readonly types: readonly [ChecksumType, ...ChecksumType[]];
  /** Whether the gateway verifies it. It forwards the others only with a whole object, for the store to verify. */
  readonly verified: boolean;
  /**
   * Whether every store that accepts checksums verifies it. MinIO ignores the newer ones, and stores bytes that do not match them
   * (tried with test/real/stores/changed-bytes.real.ts).
   */
  readonly knownEverywhere: boolean;
  /** Whether the gateway can add it to uploads without a checksum (setting: s3.checksum). */
  readonly addable: boolean;
}

const COMPOSITE = { types: ['COMPOSITE'], addable: false } as const;
const EITHER = { types: ['COMPOSITE', 'FULL_OBJECT'], addable: true } as const;
const VERIFIED = { verified: true, knownEverywhere: true } as const;
const VERIFIED_HERE = { verified: true, knownEverywhere: false } as const;
const FORWARDED = { types: ['FULL_OBJECT'], verified: false, knownEverywhere: false, addable: false } as const;

/** In the order in which trailers and error messages list them. */
const ROWS = {
  crc32: { encodedLength: 8, ...EITHER, ...VERIFIED },
  crc32c: { encodedLength: 8, ...EITHER, ...VERIFIED },
  crc64nvme: { encodedLength: 12, types: ['FULL_OBJECT'], addable: true, ...VERIFIED },
  sha1: { encodedLength: 28, ...COMPOSITE, ...VERIFIED },
  sha256: { encodedLength: 44, ...COMPOSITE, ...VERIFIED },
  sha512: { encodedLength: 88, ...COMPOSITE, ...VERIFIED_HERE },
  md5: { encodedLength: 24, ...COMPOSITE, ...VERIFIED_HERE },
  xxhash3: { encodedLength: 12, ...FORWARDED },
  xxhash64: { encodedLength: 12, ...FORWARDED },
  xxhash128: { encodedLength: 24, ...FORWARDED },
} as const satisfies Record<string, ChecksumShape>;

type Name = keyof typeof ROWS;
type With<Property extends 'verified' | 'addable'> = {
  [N in Name]: (typeof ROWS)[N][Property] extends true ? N : never;
}[Name];

/** A checksum that the gateway verifies. */
export type ChecksumName = With<'verified'>;

export const CHECKSUMS: Readonly<Record<Name, ChecksumShape>> = ROWS;

const namesWith = (property: 'verified' | 'addable' | 'knownEverywhere'): readonly string[] =>
  Object.entries(CHECKSUMS).flatMap(([name, row]) => (row[property] ? [name] : []));

export const VERIFIED_CHECKSUMS = namesWith('verified') as readonly ChecksumName[];
export const ADDABLE_CHECKSUMS = namesWith('addable') as readonly With<'addable'>[];

/** Headers of the checksums that every store knows. */
export const COMMON_CHECKSUM_HEADERS = namesWith('knownEverywhere').map((name) => `x-amz-checksum-${name}`);

const HEADER_PREFIX = 'x-amz-checksum-';

/** The checksum that a header or trailer of this lower-case name carries; undefined if it carries none. */
export function checksumNameOf(header: string): Name | undefined {
  if (!header.startsWith(HEADER_PREFIX)) return undefined;
  const name = header.slice(HEADER_PREFIX.length);
  return Object.hasOwn(CHECKSUMS, name) ? (name as Name) : undefined;
}

/** Its row. */
export function checksumRowOf(header: string): ChecksumShape | undefined {
  const name = checksumNameOf(header);
  return name && CHECKSUMS[name];
}
