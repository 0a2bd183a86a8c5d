/**
 * Empty listings of a bucket: valid documents that repeat the parameters of the request, as S3 does
 * (Amazon S3 API Reference, "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"). They do not
 * depend on what the store has.
 */
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { BucketRequest } from '../domain/operation.ts';
import { escapeXml } from '../kit/xml.ts';

export const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/';

type Parameters = ReadonlyMap<string, string>;

interface Shape {
  readonly root: string;
  /** The element with the name of the bucket. */
  readonly bucket: string;
  /** Elements and the parameters they repeat, empty ones included. */
  readonly always: Elements;
  /** The same; only if the client has sent the parameter. */
  readonly ifSent: Elements;
  /** The element and the parameter for the size of a page. */
  readonly limit: readonly [element: string, parameter: string];
  readonly keyCount?: true;
}

type Elements = readonly (readonly [element: string, parameter: string])[];

const PREFIX = ['Prefix', 'prefix'] as const;
const DELIMITER = ['Delimiter', 'delimiter'] as const;
const MAX_KEYS = ['MaxKeys', 'max-keys'] as const;

const SHAPES = {
  ListObjects: {
    root: 'ListBucketResult',
    bucket: 'Name',
    always: [PREFIX, ['Marker', 'marker']],
    ifSent: [DELIMITER],
    limit: MAX_KEYS,
  },
  ListObjectsV2: {
    root: 'ListBucketResult',
    bucket: 'Name',
    always: [PREFIX],
    ifSent: [DELIMITER, ['StartAfter', 'start-after'], ['ContinuationToken', 'continuation-token']],
    limit: MAX_KEYS,
    keyCount: true,
  },
  ListObjectVersions: {
    root: 'ListVersionsResult',
    bucket: 'Name',
    always: [PREFIX, ['KeyMarker', 'key-marker'], ['VersionIdMarker', 'version-id-marker']],
    ifSent: [DELIMITER],
    limit: MAX_KEYS,
  },
  ListMultipartUploads: {
    root: 'ListMultipartUploadsResult',
    bucket: 'Bucket',
    always: [
      ['KeyMarker', 'key-marker'],
      ['UploadIdMarker', 'upload-id-marker'],
    ],
    ifSent: [PREFIX, DELIMITER],
    limit: ['MaxUploads', 'max-uploads'],
  },
} as const satisfies Partial<Record<BucketRequest, Shape>>;

export type Listing = keyof typeof SHAPES;

/** Opaque to clients, so never encoded. */
const IDS: ReadonlySet<string> = new Set(['continuation-token', 'version-id-marker', 'upload-id-marker']);

const LONGEST = FIXED_LIMITS.listing_parameter_bytes;
/** The longest page (Amazon S3 API Reference). */
const PAGE = 1000;

/** @throws Failure invalid_argument. */
export function emptyListing(operation: Listing, bucket: string, parameters: Parameters): string {
  const { root, bucket: name, always, ifSent, limit, keyCount }: Shape = SHAPES[operation];
  checkParameters(parameters);
  const repeated = [...always, ...ifSent.filter(([, parameter]) => sent(parameter, parameters) !== undefined)];
  const encoding = sent('encoding-type', parameters);
  const content = [
    element(name, bucket),
    ...repeated.map(([tag, parameter]) => element(tag, textOf(parameter, parameters))),
    keyCount === undefined ? '' : element('KeyCount', '0'),
    element(limit[0], String(pageSize(limit[1], parameters))),
    encoding === undefined ? '' : element('EncodingType', encoding),
    element('IsTruncated', 'false'),
  ];
  return `<${root} xmlns="${XMLNS}">${content.join('')}</${root}>`;
}

/** An empty parameter is like none: minio-go sends `delimiter=`. */
const sent = (name: string, parameters: Parameters): string | undefined => parameters.get(name) || undefined;

const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;

function checkParameters(parameters: Parameters): void {
  for (const [name, value] of parameters)
    if (Buffer.byteLength(value) > LONGEST)
      throw new Failure('invalid_argument', `${name} is longer than ${LONGEST} bytes in UTF-8.`);
  const type = parameters.get('list-type') ?? '2';
  if (type !== '2') throw new Failure('invalid_argument', 'list-type must be 2.');
  const encoding = sent('encoding-type', parameters) ?? 'url';
  if (encoding !== 'url') throw new Failure('invalid_argument', 'encoding-type must be url.');
}

function textOf(parameter: string, parameters: Parameters): string {
  const value = parameters.get(parameter) ?? '';
  return sent('encoding-type', parameters) !== undefined && !IDS.has(parameter) ? urlEncoded(value) : value;
}

/** A blank is %20, which clients decode alike whether or not they take "+" for one. "/" stays, as S3 leaves it. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/');
}

/** The requested number of entries, up to the longest page. */
function pageSize(parameter: string, parameters: Parameters): number {
  const text = sent(parameter, parameters) ?? String(PAGE);
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1)
    throw new Failure('invalid_argument', `${parameter} must be an integer from 0 to 2147483647.`);
  return Math.min(Number(text), PAGE);
}
