/**
 * The S3 name of the operation that a request names, for the log lines of refused requests: also of operations that the gateway
 * does not have (Amazon S3 API Reference, "Actions").
 */
import { BUCKET_REQUESTS, OPERATIONS } from '../domain/operation.ts';
import type { Routable } from '../domain/routing.ts';

interface NamedRequest {
  readonly method: string;
  readonly requires: readonly string[];
  readonly actsAs?: string;
}

const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete' };

/** Subresources with operations named by the verb and this noun. */
const OBJECT_NOUNS: Readonly<Record<string, string>> = {
  acl: 'ObjectAcl',
  tagging: 'ObjectTagging',
  'legal-hold': 'ObjectLegalHold',
  retention: 'ObjectRetention',
  attributes: 'ObjectAttributes',
  torrent: 'ObjectTorrent',
};
const BUCKET_NOUNS: Readonly<Record<string, string>> = {
  acl: 'BucketAcl',
  cors: 'BucketCors',
  lifecycle: 'BucketLifecycleConfiguration',
  policy: 'BucketPolicy',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
};

const OTHER_OF_OBJECT: Readonly<Record<string, NamedRequest>> = {
  GetObject: { method: 'GET', requires: [] },
  DeleteObject: { method: 'DELETE', requires: [] },
  RestoreObject: { method: 'POST', requires: ['restore'] },
  SelectObjectContent: { method: 'POST', requires: ['select'] },
};
const OTHER_OF_BUCKET: Readonly<Record<string, NamedRequest>> = {
  DeleteBucket: { method: 'DELETE', requires: [] },
  DeleteObjects: { method: 'POST', requires: ['delete'] },
};

/** The more parameters a row requires, the better it fits. */
const byNeed = (rows: Readonly<Record<string, NamedRequest>>): readonly (readonly [string, NamedRequest])[] =>
  Object.entries(rows)
    .filter(([, { actsAs }]) => actsAs === undefined)
    .sort(([, a], [, b]) => b.requires.length - a.requires.length);

const OF_OBJECT = { nouns: OBJECT_NOUNS, rows: byNeed({ ...OPERATIONS, ...OTHER_OF_OBJECT }) };
const OF_BUCKET = { nouns: BUCKET_NOUNS, rows: byNeed({ ...BUCKET_REQUESTS, ...OTHER_OF_BUCKET }) };

/** @returns undefined if S3 has no such operation. */
export function operationName(
  { method, query }: Pick<Routable, 'method' | 'query'>,
  hasKey: boolean,
): string | undefined {
  const names = new Set(query.map(([name]) => name));
  const { nouns, rows } = hasKey ? OF_OBJECT : OF_BUCKET;
  const noun = Object.keys(nouns).find((name) => names.has(name));
  if (noun !== undefined) return VERBS[method] && `${VERBS[method]}${nouns[noun]}`;
  return rows.find(([, row]) => row.method === method && row.requires.every((name) => names.has(name)))?.[0];
}
