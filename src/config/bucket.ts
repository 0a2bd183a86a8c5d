/** One entry of `buckets`: the name and path that clients use, and the bucket at the store. */
import { isIPv4 } from 'node:net';
import { configuredEngines } from '../authz/engines.ts';
import { ADDABLE_CHECKSUMS } from '../domain/checksums.ts';
import { AUTH } from './auth.ts';
import { AUTHZ } from './authz.ts';
import { CORS } from './cors.ts';
import { object, type ValueOf } from './field.ts';
import { isAws } from './is-aws.ts';
import { OBJECT_HEADERS } from './object-headers.ts';
import { boolean, httpUrl, integer, number, oneOf, secret, string } from './scalars.ts';
import { VERIFIES, VERIFIES_WHAT_IS_SENT } from './verified-promises.ts';

const AMBIGUOUS_PATH = {
  wrong: 'has a path that is ambiguous in signatures',
  hint: 'use path segments of letters, digits, "-", ".", "_" and "~" between single slashes, such as https://store.example/storage/v1/s3',
};

const STORE = object(
  {
    bucket: string({
      prose: 'The name of the bucket at the store.',
      check: (name) => (/^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/.test(name) ? undefined : 'is not a bucket name'),
      hint: 'write the name of the bucket at the store: 3 to 255 letters, digits, ".", "-" and "_"',
    }),
    region: string({
      prose:
        "The store's region. It is part of the signature; without `endpoint` it also selects the AWS region to connect to.",
      default: 'us-east-1',
      check: (region) => (/^[A-Za-z0-9_-]{1,64}$/.test(region) ? undefined : 'is not a region name'),
      hint: 'write a name such as us-east-1; for a store without regions, use us-east-1',
    }),
    endpoint: httpUrl({
      prose:
        'The URL of a store other than AWS: scheme, host, port and, if the store needs one, a base path (Supabase: `https://REF.supabase.co/storage/v1/s3`). Defaults to AWS.',
      optional: true,
      check: (url) => (isBasePath(rawPathOf(url)) ? undefined : AMBIGUOUS_PATH),
    }),
    ca_file: string({
      prose:
        "A PEM file with the certificate authorities for the store's certificate, instead of the public ones. The path is relative to this file.",
      optional: true,
    }),
    access_key: secret({
      prose:
        'The access key. Without keys, the AWS credential provider chain is used: environment, profile, web identity, container, instance.',
      optional: true,
      check: (key) => (/^[\x21-\x7e]+$/.test(key) && !/[/,]/.test(key) ? undefined : 'is not an access key'),
    }),
    secret_key: secret({ prose: 'The secret key of this access key.', optional: true }),
    session_token: secret({
      prose: 'The session token of temporary credentials.',
      optional: true,
      check: (token) => (/^[\x21-\x7e]+$/.test(token) ? undefined : 'is not a session token'),
    }),
    path_style: boolean({
      prose:
        'Whether requests use path-style URLs (`host/bucket/key`) instead of virtual-hosted-style URLs (`bucket.host/key`).',
      derived: {
        of: ['endpoint'],
        from: ({ endpoint }) => endpoint !== undefined,
        text: '`true` with `endpoint`, otherwise `false`',
      },
    }),
    propagate: boolean({
      prose: 'Whether requests to the store carry `traceparent` and `tracestate`, outside the signature.',
      default: true,
    }),
    checksum: oneOf(['none', ...ADDABLE_CHECKSUMS, 'unsupported'], {
      prose:
        'The checksum that the gateway adds if the client sends neither a checksum nor a hash, so that the store detects corruption behind the gateway. It costs CPU for each byte, and the store must accept checksums in trailers. ' +
        'With `none` the gateway adds CRC32 only with Object Lock, and to parts of a split object whose client sent a hash or checksum. ' +
        '`unsupported` is for a store that does not accept `x-amz-checksum-*`: such objects are not split, and signatures and Content-MD5 protect the bytes.',
      default: 'none',
    }),
    client_checksums: oneOf(['pass', 'verify_and_drop'], {
      prose:
        'How checksums from clients are handled (`x-amz-checksum-*` in headers, trailers and CompleteMultipartUpload). With `pass` the gateway verifies them and forwards them to the store. ' +
        'With `verify_and_drop` the gateway verifies them and does not forward them, for a store that rejects them. It implies `checksum: unsupported`.',
      default: 'pass',
    }),
    verifies: VERIFIES,
    max_connections: integer({
      prose:
        'Maximum number of connections to the store for this bucket. Further requests wait for up to 30 s; then the upload fails with 503 SlowDown.',
      default: 256,
      min: 1,
      max: 100_000,
    }),
    connect_timeout_seconds: number({
      prose: 'Timeout for connecting to the store.',
      default: 5,
      min: 0.01,
      max: 3600,
    }),
    stall_timeout_seconds: number({
      prose: 'How long the store may read nothing while bytes of a body are ready for it.',
      default: 60,
      min: 0.01,
      max: 86_400,
    }),
    answer_timeout_seconds: number({
      prose:
        "How long the store may take to respond after the last byte of a request. S3's CompleteMultipartUpload may take minutes.",
      default: 900,
      min: 0.01,
      max: 86_400,
    }),
  },
  {
    prose: 'The bucket at the store.',
    rules: [
      {
        of: ['endpoint', 'path_style'],
        at: 'path_style',
        broken: ({ endpoint, path_style }) =>
          !path_style && endpoint !== undefined && rawPathOf(endpoint) !== ''
            ? {
                wrong: 'cannot be false if endpoint has a path',
                hint: 'set it to true, remove it, or remove the path from endpoint',
              }
            : undefined,
      },
      {
        of: ['checksum', 'client_checksums'],
        at: 'checksum',
        broken: ({ checksum, client_checksums }) =>
          client_checksums === 'verify_and_drop' && checksum !== 'none' && checksum !== 'unsupported'
            ? {
                wrong: 'adds checksums, which the store rejects according to client_checksums: verify_and_drop',
                hint: 'set checksum to unsupported or remove it, or set client_checksums to pass',
              }
            : undefined,
      },
      VERIFIES_WHAT_IS_SENT,
      {
        of: ['endpoint', 'ca_file'],
        at: 'ca_file',
        broken: ({ endpoint, ca_file }) =>
          ca_file !== undefined && endpoint !== undefined && /^http:/i.test(endpoint)
            ? { wrong: 'has no effect without TLS', hint: 'use an https endpoint, or remove ca_file' }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key'],
        at: 'access_key',
        broken: ({ access_key, secret_key }) =>
          access_key === undefined && secret_key !== undefined
            ? {
                wrong: 'is missing or empty, but secret_key is set',
                hint: 'set both, or neither to use the AWS credential provider chain',
              }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key'],
        at: 'secret_key',
        broken: ({ access_key, secret_key }) =>
          access_key !== undefined && secret_key === undefined
            ? {
                wrong: 'is missing or empty, but access_key is set',
                hint: 'set both, or neither to use the AWS credential provider chain',
              }
            : undefined,
      },
      {
        of: ['access_key', 'secret_key', 'session_token'],
        at: 'session_token',
        broken: ({ access_key, secret_key, session_token }) =>
          session_token !== undefined && access_key === undefined && secret_key === undefined
            ? {
                wrong: 'is set without access_key and secret_key',
                hint: 'set access_key and secret_key, or remove it',
              }
            : undefined,
      },
    ],
  },
);

/** The path as written: `URL` would resolve `..` in it. */
function rawPathOf(url: string): string {
  return /^[^:]+:\/\/[^/]*(.*)$/.exec(url)?.[1] ?? '';
}

/** A path that proxies and URL parsers leave unchanged: the signature covers it. */
function isBasePath(path: string): boolean {
  return /^(\/[A-Za-z0-9._~-]+)*$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
}

export const BUCKET = object(
  {
    name: string({
      prose: 'The bucket name for clients, logs, metrics and traces. It follows the rules for S3 bucket names.',
      check: (name) => (isBucketName(name) ? undefined : 'is not a bucket name'),
      hint: 'use 3 to 63 lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
    }),
    path_prefix: string({
      prose:
        'The path prefix for uploads: with `/uploads`, `PUT /uploads/a/b.txt` writes the key `a/b.txt`. ' +
        'If the prefixes of two buckets match a path, the longer one wins.',
      type: 'path',
      derived: { of: ['name'], from: ({ name }) => `/${name}`, text: '`/<name>`' },
      check: checkPrefix,
    }),
    head: oneOf(['refuse', 'pretend_missing', 'allow'], {
      prose:
        'The response to HeadObject. `refuse`: 403 `AccessDenied`, like S3 for clients without `s3:ListBucket`. ' +
        '`pretend_missing`: 404, even if the object exists; a client that checks for existence before it writes then overwrites the object. ' +
        "`allow`: the object's headers, if auth and authz allow it; the store credentials need `s3:GetObject` and `s3:ListBucket`. " +
        '[head-and-listings.md](head-and-listings.md) describes the effect on common clients.',
      derived: {
        of: ['allow_head'],
        from: ({ allow_head }) => headOfOldName(allow_head as boolean | undefined) ?? 'refuse',
        text: '`refuse`',
      },
    }),
    allow_head: boolean({
      prose:
        'Deprecated, removed in the next version: use `head`. `true` is `head: allow`, `false` is `head: pretend_missing`.',
      optional: true,
    }),
    listings: oneOf(['refuse', 'empty'], {
      prose:
        'The response to ListObjects, ListObjectsV2 and ListObjectVersions. `refuse`: 403 `AccessDenied`. ' +
        '`empty`: an empty listing, whatever the bucket contains, for clients that list before they upload a directory. ' +
        'Such a client uploads every file again and overwrites existing objects.',
      default: 'refuse',
    }),
    literal_keys: boolean({
      prose:
        'Whether to accept keys that some stores change: with a segment `.` or `..`, or an empty segment (`//`, or a leading `/`). This includes names that versitygw or MinIO reserves (`.sgwtmp`, `meta/etag`, segments that end in `__XLDIR__`). If not, such keys are rejected with 400 `InvalidURI`. Enable it only for a store that keeps keys literally: other stores write `inbox/../secret` to `secret`, although the policy engine authorized `inbox/../secret`.',
      derived: {
        of: ['s3'],
        from: ({ s3 }) => isAws(s3 as ValueOf<typeof STORE>),
        text: '`true` if the store is AWS (no `s3.endpoint`, or one below `amazonaws.com`), otherwise `false`',
      },
    }),
    headers: OBJECT_HEADERS,
    cors: CORS,
    s3: STORE,
    auth: AUTH,
    authz: AUTHZ,
  },
  {
    prose: 'A bucket that clients can upload to.',
    rules: [
      {
        of: ['head', 'allow_head'],
        at: 'allow_head',
        broken: ({ head, allow_head }) =>
          allow_head !== undefined && head !== headOfOldName(allow_head)
            ? {
                wrong: `is the old name of head and means head: ${headOfOldName(allow_head)}, but head is ${head}`,
                hint: 'remove allow_head',
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
                hint: `enable auth, or remove ${engine.name}`,
              }
            : undefined;
        },
      },
    ],
  },
);

/** The value of `head` for a value of `allow_head`, its old name. */
export function headOfOldName(allowed: boolean | undefined): 'allow' | 'pretend_missing' | undefined {
  if (allowed === undefined) return undefined;
  return allowed ? 'allow' : 'pretend_missing';
}

export type BucketConfig = ValueOf<typeof BUCKET>;

/** Amazon S3 User Guide, "General purpose bucket naming rules"; prefixes and suffixes that AWS reserves are not checked. */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !isIPv4(name);
}

function checkPrefix(prefix: string): { wrong: string; hint: string } | undefined {
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(prefix))
    return {
      wrong: 'is not a path prefix',
      hint: 'start with "/", do not end with it, and use letters, digits, "-", ".", "_" and "~" between single slashes',
    };
  if (/\/\.{1,2}(\/|$)/.test(prefix)) return { wrong: 'has a segment that is "." or ".."', hint: 'rename the segment' };
  if (/^\/(health|ready)(\/|$)/.test(prefix))
    return { wrong: 'is reserved for health probes', hint: 'set path_prefix to another path' };
  return undefined;
}
