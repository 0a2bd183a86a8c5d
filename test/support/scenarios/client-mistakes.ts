/** Scenarios in which the client's request is wrong, and nothing reaches the store. */
import { exchange, exchangeRaw, HALF, MIB, UPLOAD } from './requests.ts';
import type { ExpectedFailure, Scenario } from './scenario.ts';

const refused = { side: 'client', span: 'unset' } as const;
const inUpload = { ...refused, failed: 's3.upload', outcome: 'not_stored' } as const;
const CHUNKED = {
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '5',
};

/** A request that is one exchange. */
function simple(
  what: string,
  request: readonly [method: string, target: string, body?: string | undefined, headers?: Record<string, string>],
  expected: ExpectedFailure,
): Scenario {
  const [method, target, body, headers] = request;
  return { what, act: (world) => exchange(world, method, target, body, headers), expected };
}

const ROUTING: readonly Scenario[] = [
  simple('the client downloads an object', ['GET', '/uploads/k'], {
    ...refused,
    type: 'method_not_allowed',
    response: '405 MethodNotAllowed',
  }),
  simple('the client requests the headers of an object, and the bucket refuses it', ['HEAD', '/closed/k'], {
    ...refused,
    type: 'head_refused',
    response: '403',
  }),
  simple('the client requests the headers of an object, and the bucket pretends to be empty', ['HEAD', '/hidden/k'], {
    ...refused,
    type: 'object_not_visible',
    response: '404',
  }),
  simple('the client lists a bucket', ['GET', '/uploads?list-type=2'], {
    ...refused,
    type: 'listing_refused',
    response: '403 AccessDenied',
  }),
  simple('the client uploads to a bucket that does not exist', ['PUT', '/nowhere/k', 'hello'], {
    ...refused,
    type: 'no_such_bucket',
    response: '404 NoSuchBucket',
    level: 'info',
  }),
  simple('the client creates a bucket', ['PUT', '/uploads'], {
    ...refused,
    type: 'bucket_exists',
    response: '409 BucketAlreadyOwnedByYou',
  }),
  simple(
    'a page of another origin uploads',
    ['OPTIONS', '/pages/k', undefined, { origin: 'https://other.example', 'access-control-request-method': 'PUT' }],
    { ...refused, type: 'cors_refused', response: '403 AccessForbidden', reason: 'origin_not_allowed' },
  ),
  simple('the key has a form that stores read differently', ['PUT', '/uploads/a/../b', 'hello'], {
    ...refused,
    type: 'invalid_key',
    response: '400 InvalidURI',
  }),
  simple('the key is too long', ['PUT', `/uploads/${'k'.repeat(1025)}`, 'hello'], {
    ...refused,
    type: 'key_too_long',
    response: '400 KeyTooLongError',
  }),
  simple('the path is not valid percent-encoding', ['PUT', '/uploads/%zz', 'hello'], {
    ...refused,
    type: 'invalid_uri',
    response: '400 InvalidURI',
  }),
  simple('the number of a part is 0', ['PUT', `${UPLOAD}&partNumber=0`, 'hello'], {
    ...refused,
    type: 'invalid_argument',
    response: '400 InvalidArgument',
  }),
];

const HEADERS: readonly Scenario[] = [
  {
    what: 'a header occurs twice',
    act: (world) =>
      exchangeRaw(
        world,
        'PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n',
      ),
    expected: { ...refused, type: 'bad_request', response: '400 InvalidRequest' },
  },
  {
    what: 'the request is not HTTP',
    act: (world) => exchangeRaw(world, 'hello\r\n\r\n'),
    expected: { ...refused, type: 'bad_request', response: '400 InvalidRequest' },
  },
  {
    what: 'the headers are too large',
    act: (world) => exchangeRaw(world, `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nX-Large: ${'x'.repeat(70_000)}\r\n\r\n`),
    expected: { ...refused, type: 'header_too_large', response: '431 RequestHeaderSectionTooLarge' },
  },
  {
    what: 'the headers do not arrive in time',
    own: () => ({ server: { header_timeout_seconds: 0.5 } }),
    act: (world) => exchangeRaw(world, 'PUT /uploads/k HTTP/1.1\r\nHost: g\r\n'),
    expected: { ...refused, type: 'header_timeout', response: '408 RequestTimeout' },
  },
  simple('the user metadata is too large', ['PUT', '/uploads/k', 'hello', { 'x-amz-meta-a': 'x'.repeat(2049) }], {
    ...inUpload,
    type: 'metadata_too_large',
    response: '400 MetadataTooLarge',
  }),
  {
    what: 'the object is larger than the limit',
    own: () => ({ upload: { max_object_size: '5MiB' } }),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: { ...inUpload, type: 'too_large', response: '400 EntityTooLarge' },
    fix: 'the client splits the object; the operator of the gateway raises `upload.max_object_size`',
  },
  {
    what: 'the client requests an ACL that makes the object public',
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-acl': 'public-read' }),
    expected: { ...inUpload, type: 'access_denied', response: '403 AccessDenied' },
  },
];

const BODIES: readonly Scenario[] = [
  simple("the client's checksum is wrong", ['PUT', '/uploads/k', 'hello', { 'x-amz-checksum-crc32': 'AAAAAA==' }], {
    ...inUpload,
    type: 'checksum_mismatch',
    response: '400 BadDigest',
  }),
  simple('the document of a completion is not XML', ['POST', UPLOAD, 'hello'], {
    ...inUpload,
    type: 'malformed_xml',
    response: '400 MalformedXML',
  }),
  simple('the chunks of a body hold less than announced', ['PUT', '/uploads/k', '3\r\nhel\r\n0\r\n\r\n', CHUNKED], {
    ...inUpload,
    type: 'incomplete_body',
    response: '400 IncompleteBody',
  }),
  simple('the size of a chunk is not a number', ['PUT', '/uploads/k', 'zz\r\nhello\r\n0\r\n\r\n', CHUNKED], {
    ...inUpload,
    type: 'invalid_chunk',
    response: '400 InvalidChunkSizeError',
  }),
  simple(
    'the trailer of a body is not the announced one',
    [
      'PUT',
      '/uploads/k',
      '5\r\nhello\r\n0\r\nx-amz-checksum-sha1: a\r\n\r\n',
      { ...CHUNKED, 'x-amz-trailer': 'x-amz-checksum-crc32' },
    ],
    { ...inUpload, type: 'malformed_trailer', response: '400 MalformedTrailerError' },
  ),
  simple(
    'the body has a form that the gateway does not support',
    ['PUT', '/uploads/k', 'hello', { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }],
    { ...inUpload, type: 'not_implemented', response: '400 InvalidRequest' },
  ),
  simple(
    'a form has no length',
    ['POST', '/uploads', 'x', { 'transfer-encoding': 'chunked', 'content-type': 'multipart/form-data; boundary=b' }],
    { ...refused, type: 'missing_content_length', response: '411 MissingContentLength' },
  ),
  simple('a form is malformed', ['POST', '/uploads', 'hello', { 'content-type': 'multipart/form-data; boundary=b' }], {
    ...refused,
    type: 'form_refused',
    response: '400 MalformedPOSTRequest',
    reason: 'no_delimiter',
  }),
  {
    what: 'the client sends no bytes of the body for too long',
    own: () => ({ server: { body_idle_timeout_seconds: 0.3 } }),
    act: (world) => exchangeRaw(world, HALF),
    expected: { ...inUpload, type: 'client_stalled', response: '408 RequestTimeout' },
    fix: 'the client, or its network; the operator of the gateway raises `server.body_idle_timeout_seconds`',
  },
];

export const CLIENT_MISTAKES: readonly Scenario[] = [...ROUTING, ...HEADERS, ...BODIES];
