/** One entry of `buckets`: the name and path that clients see, and the bucket of the store behind it. */
import { isIPv4 } from 'node:net';
import { configuredEngines } from '../authz/engines.ts';
import { ADDABLE_CHECKSUMS } from '../domain/checksums.ts';
import { AUTH } from './auth.ts';
import { AUTHZ } from './authz.ts';
import { CORS } from './cors.ts';
import { object, type ValueOf } from './field.ts';
import { OBJECT_HEADERS } from './object-headers.ts';
import { boolean, httpUrl, integer, number, oneOf, secret, string } from './scalars.ts';

const STORE = object(
  {
    bucket: string({
      prose: 'The name of the bucket at the store.',
      check: (name) => (/^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/.test(name) ? undefined : 'is not a bucket name'),
      mend: 'write the name of the bucket at the store: 3 to 255 letters, digits, ".", "-" and "_"',
    }),
    region: string({
      prose: "The store's region. It is signed, and without an endpoint it says which AWS region to connect to.",
      default: 'us-east-1',
      check: (region) => (/^[A-Za-z0-9_-]{1,64}$/.test(region) ? undefined : 'is not the name of a region'),
      mend: 'write a name such as us-east-1; a store that has no regions takes us-east-1',
    }),
    endpoint: httpUrl({
      prose:
        'The URL of a store that is not AWS: scheme, host, port, and the path below which the store serves S3, if it has one (Supabase: `https://REF.supabase.co/storage/v1/s3`). Without it uploads go to AWS.',
      optional: true,
      check: (url) => (isBasePath(rawPathOf(url)) ? undefined : 'has a path that signatures do not agree on'),
      mend: 'write scheme, host, port, and at most a path of letters, digits, "-", ".", "_" and "~" between single slashes, such as http://127.0.0.1:9000 or https://store.example/storage/v1/s3',
    }),
    ca_file: string({
      prose:
        "A PEM file, relative to this one, with the authorities that the store's certificate may come from, instead of the public ones.",
      optional: true,
    }),
    access_key: secret({
      prose:
        'The access key. Without keys the AWS provider chain is asked: environment, profile, web identity, container, instance.',
      optional: true,
      check: (key) => (/^[\x21-\x7e]+$/.test(key) && !/[/,]/.test(key) ? undefined : 'is not an access key'),
    }),
    secret_key: secret({ prose: 'The secret key that belongs to it.', optional: true }),
    session_token: secret({
      prose: 'The session token of temporary keys.',
      optional: true,
      check: (token) => (/^[\x21-\x7e]+$/.test(token) ? undefined : 'is not a session token'),
    }),
    path_style: boolean({
      prose:
        'Whether the bucket is named in the path (`host/bucket/key`) and not in the host name (`bucket.host/key`).',
      derived: {
        of: ['endpoint'],
        from: ({ endpoint }) => endpoint !== undefined,
        text: '`true` with an endpoint, else `false`',
      },
    }),
    propagate: boolean({
      prose: 'Whether the store is sent `traceparent` and `tracestate`, outside the signature.',
      default: true,
    }),
    checksum: oneOf(['none', ...ADDABLE_CHECKSUMS, 'unsupported'], {
      prose:
        'The checksum that the gateway adds to objects whose clients send neither checksum nor hash, so that the store detects bytes that are lost or changed behind the gateway. It costs CPU for each byte, and the store must accept checksums in trailers. ' +
        'With `none` the gateway adds a checksum (CRC32) only to the parts of objects that it splits, where the client has promised something about the whole object, or with Object Lock. ' +
        '`unsupported` is for a store that does not accept `x-amz-checksum-*`: such objects are then not split, and bytes are protected by signatures and Content-MD5.',
      default: 'none',
    }),
    client_checksums: oneOf(['pass', 'verify_and_drop'], {
      prose:
        'What becomes of the checksums that clients send (`x-amz-checksum-*`, in headers, trailers and completions). With `pass` the gateway verifies them and the store gets them, too. ' +
        'With `verify_and_drop` the gateway verifies them and the store never sees one: for a store that refuses requests with them. It includes what `checksum: unsupported` does.',
      default: 'pass',
    }),
    max_connections: integer({
      prose:
        'How many connections to the store this bucket may use at once. More calls wait in line for up to 30 s, then the upload gets 503 SlowDown.',
      default: 256,
      min: 1,
      max: 100_000,
    }),
    connect_timeout_seconds: number({
      prose: 'How long connecting to the store may take.',
      default: 5,
      min: 0.01,
      max: 3600,
    }),
    stall_timeout_seconds: number({
      prose: 'How long the store may take no byte of a body that is there for it.',
      default: 60,
      min: 0.01,
      max: 86_400,
    }),
    answer_timeout_seconds: number({
      prose:
        'How long the store may be silent after the last byte of a request. CompleteMultipartUpload may take minutes.',
      default: 900,
      min: 0.01,
      max: 86_400,
    }),
  },
  {
    prose: 'The bucket of the store behind it.',
    rules: [
      {
        of: ['endpoint', 'path_style'],
        at: 'path_style',
        broken: ({ endpoint, path_style }) =>
          !path_style && endpoint !== undefined && rawPathOf(endpoint) !== ''
            ? {
                wrong: 'cannot be false where the endpoint has a path',
                mend: 'set it to true or remove it, or write an endpoint without a path',
              }
            : undefined,
      },
      {
        of: ['checksum', 'client_checksums'],
        at: 'checksum',
        broken: ({ checksum, client_checksums }) =>
          client_checksums === 'verify_and_drop' && checksum !== 'none' && checksum !== 'unsupported'
            ? {
                wrong: 'adds checksums for a store that client_checksums spares them',
                mend: 'set checksum to unsupported or remove it, or set client_checksums to pass',
              }
            : undefined,
      },
      {
        of: ['endpoint', 'ca_file'],
        at: 'ca_file',
        broken: ({ endpoint, ca_file }) =>
          ca_file !== undefined && endpoint !== undefined && /^http:/i.test(endpoint)
            ? { wrong: 'is for a store that is reached without TLS', mend: 'write an https endpoint, or remove it' }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key'],
        at: 'access_key',
        broken: ({ access_key, secret_key }) =>
          access_key === undefined && secret_key !== undefined
            ? {
                wrong: 'is missing or empty beside a secret_key',
                mend: 'give both, or none to ask the AWS provider chain',
              }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key'],
        at: 'secret_key',
        broken: ({ access_key, secret_key }) =>
          access_key !== undefined && secret_key === undefined
            ? {
                wrong: 'is missing or empty beside an access_key',
                mend: 'give both, or none to ask the AWS provider chain',
              }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key', 'session_token'],
        at: 'session_token',
        broken: ({ access_key, secret_key, session_token }) =>
          session_token !== undefined && access_key === undefined && secret_key === undefined
            ? {
                wrong: 'belongs to keys that are missing',
                mend: 'give access_key and secret_key with it, or remove it',
              }
            : undefined,
      },
    ],
  },
);

/** As it is written: `URL` would resolve `..` in it. */
function rawPathOf(url: string): string {
  return /^[^:]+:\/\/[^/]*(.*)$/.exec(url)?.[1] ?? '';
}

/** A path that no proxy and no URL parser writes otherwise: the signature covers it. */
function isBasePath(path: string): boolean {
  return /^(\/[A-Za-z0-9._~-]+)*$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
}

export const BUCKET = object(
  {
    name: string({
      prose: 'The name that clients, logs, metrics and traces use. It follows the rules for S3 bucket names.',
      check: (name) => (isBucketName(name) ? undefined : 'is not a bucket name'),
      mend: 'use 3 to 63 lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
    }),
    path_prefix: string({
      prose:
        'The path under which uploads are taken: with `/uploads`, `PUT /uploads/a/b.txt` writes the key `a/b.txt`. ' +
        'Where the prefixes of two buckets both fit a path, the longer one wins.',
      type: 'path',
      derived: { of: ['name'], from: ({ name }) => `/${name}`, text: '`/<name>`' },
      check: checkPrefix,
    }),
    head: oneOf(['refuse', 'pretend_missing', 'allow'], {
      prose:
        'The response to HEAD of an object. `refuse`: 403 `AccessDenied`, as S3 responds to clients that may not list. ' +
        '`pretend_missing`: 404, even if the object exists; a client that looks before it writes then overwrites it. ' +
        '`allow`: the headers of the object, if auth and authz allow it; the keys of the store need `s3:GetObject` and `s3:ListBucket`. ' +
        '[head-and-listings.md](head-and-listings.md) says what each means for which client.',
      derived: {
        of: ['allow_head'],
        from: ({ allow_head }) => headOfOldName(allow_head as boolean | undefined) ?? 'refuse',
        text: '`refuse`',
      },
    }),
    allow_head: boolean({
      prose:
        'Deprecated; removed in the next version. `true` is `head: allow`, `false` is `head: pretend_missing`. Use `head`.',
      optional: true,
    }),
    listings: oneOf(['refuse', 'empty'], {
      prose:
        'The response to ListObjects, ListObjectsV2 and ListObjectVersions. `refuse`: 403 `AccessDenied`. ' +
        '`empty`: a listing without objects, whatever the bucket contains, for clients that list before they upload a directory. ' +
        'Such a client believes that nothing exists, so it uploads everything again and overwrites what is there.',
      default: 'refuse',
    }),
    literal_keys: boolean({
      prose:
        'Whether keys are accepted that not every store keeps as they are: with a segment `.` or `..`, with an empty segment (`//`, or `/` at the beginning), or with a name that versitygw or MinIO uses itself (`.sgwtmp`, `meta/etag`, a segment that ends in `__XLDIR__`). Otherwise they are refused with 400 `InvalidURI`. Set it only for a store that keeps keys literally: others write `inbox/../secret` to `secret`, and a policy has judged the former.',
      derived: {
        of: ['s3'],
        from: ({ s3 }) => isAws(s3 as ValueOf<typeof STORE>),
        text: '`true` where the store is AWS (no `s3.endpoint`, or one below `amazonaws.com`), else `false`',
      },
    }),
    headers: OBJECT_HEADERS,
    cors: CORS,
    s3: STORE,
    auth: AUTH,
    authz: AUTHZ,
  },
  {
    prose: 'A place where clients may upload to.',
    rules: [
      {
        of: ['head', 'allow_head'],
        at: 'allow_head',
        broken: ({ head, allow_head }) =>
          allow_head !== undefined && head !== headOfOldName(allow_head)
            ? {
                wrong: `is the old name of head and means head: ${headOfOldName(allow_head)}, but head is ${head}`,
                mend: 'remove allow_head',
              }
            : undefined,
      },
      {
        of: ['auth', 'authz'],
        at: 'authz',
        broken: ({ auth, authz }) => {
          const engine = configuredEngines(authz).find((each) => each.engine.needsSubject)?.engine;
          return authz.enabled && engine !== undefined && !auth.enabled
            ? {
                wrong: `uses ${engine.title}, but clients are not authenticated`,
                mend: `enable auth, or remove ${engine.name}`,
              }
            : undefined;
        },
      },
    ],
  },
);

/** What `allow_head`, the old name of `head`, stands for. */
export function headOfOldName(allowed: boolean | undefined): 'allow' | 'pretend_missing' | undefined {
  if (allowed === undefined) return undefined;
  return allowed ? 'allow' : 'pretend_missing';
}

/** Whether the store is Amazon S3 itself, which keeps every key as it is. */
export function isAws({ endpoint }: { readonly endpoint?: string | undefined }): boolean {
  return endpoint === undefined || /(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}

export type BucketConfig = ValueOf<typeof BUCKET>;

/** Amazon S3 User Guide, "General purpose bucket naming rules"; the reserved prefixes and suffixes are AWS's own affair. */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !isIPv4(name);
}

function checkPrefix(prefix: string): { wrong: string; mend: string } | undefined {
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(prefix))
    return {
      wrong: 'is not a path prefix',
      mend: 'begin with "/", do not end with it, and use letters, digits, "-", ".", "_" and "~" between single slashes',
    };
  if (/\/\.{1,2}(\/|$)/.test(prefix)) return { wrong: 'has a segment that is "." or ".."', mend: 'name it otherwise' };
  if (/^\/(health|ready)(\/|$)/.test(prefix))
    return { wrong: "is kept for the gateway's own probes", mend: 'set path_prefix to another path' };
  return undefined;
}
