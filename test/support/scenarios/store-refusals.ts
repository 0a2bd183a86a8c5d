/** Scenarios in which the store reports an error: of the client, of the gateway's configuration, or of its own. */
import { answering, answerWell } from '../raw-store.ts';
import { complete, exchange, MIB, put } from './requests.ts';
import type { ExpectedFailure, Scenario } from './scenario.ts';
import { inParts, refusing } from './stores.ts';

const PUT = 'aws.s3.put_object';
const COMPLETE = 'aws.s3.complete_multipart_upload';

const refused = { side: 'client', span: 'unset', outcome: 'not_stored' } as const;
const misconfigured = {
  type: 'store_refused_gateway',
  side: 'gateway',
  span: 'error',
  failed: PUT,
  response: '502 BadGateway',
  outcome: 'not_stored',
} as const satisfies ExpectedFailure;
const failed = { side: 'store', span: 'error', failed: PUT } as const;

const REFUSED_GATEWAY: readonly (readonly [status: number, code: string, fix: string])[] = [
  [403, 'AccessDenied', 'allow the key of the gateway `s3:PutObject` and `s3:AbortMultipartUpload` on the bucket'],
  [403, 'InvalidAccessKeyId', 'correct `s3.access_key`'],
  [403, 'SignatureDoesNotMatch', 'correct `s3.secret_key`'],
  [403, 'RequestTimeTooSkewed', 'correct the clock of the machine of the gateway'],
  [404, 'NoSuchBucket', 'create the bucket at the store, or correct `s3.bucket`'],
  [301, 'PermanentRedirect', 'correct `s3.region` and `s3.endpoint`'],
  [400, 'AuthorizationHeaderMalformed', 'correct `s3.region`'],
];

export const STORE_REFUSALS: readonly Scenario[] = [
  ...REFUSED_GATEWAY.map(([status, code, fix]) => ({
    what: `the store refuses the gateway: ${code}`,
    store: () => refusing(status, code),
    act: put,
    expected: { ...misconfigured, reason: code },
    fix,
  })),
  {
    what: 'the client names a part that does not exist',
    store: () => refusing(400, 'InvalidPart'),
    act: complete,
    expected: { ...refused, type: 'refused_by_store', failed: COMPLETE, response: '400 InvalidPart' },
  },
  {
    what: 'the client completes an upload with a small part',
    store: () => refusing(400, 'EntityTooSmall'),
    act: complete,
    expected: { ...refused, type: 'refused_by_store', failed: COMPLETE, response: '400 EntityTooSmall' },
  },
  {
    what: 'the client completes an upload that does not exist',
    store: () => refusing(404, 'NoSuchUpload'),
    act: complete,
    expected: { ...refused, type: 'no_such_upload', failed: COMPLETE, response: '404 NoSuchUpload' },
  },
  {
    what: 'a condition of the client does not hold',
    store: () => refusing(412, 'PreconditionFailed'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'if-none-match': '*' }),
    expected: { ...refused, type: 'condition_failed', failed: PUT, response: '412 PreconditionFailed' },
  },
  {
    what: 'a checksum is wrong that only the store can verify',
    store: () => refusing(400, 'BadDigest'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }),
    expected: { ...refused, type: 'checksum_mismatch', failed: PUT, response: '400 BadDigest' },
  },
  {
    what: 'a byte changes between gateway and store',
    store: () => refusing(400, 'BadDigest'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-checksum-crc32': 'NhCmhg==' }),
    expected: { ...failed, type: 'store_received_other_bytes', response: '502 BadGateway', outcome: 'not_stored' },
    fix: 'look for a proxy or a network device before the store that changes bytes',
  },
  {
    what: 'the store throttles',
    store: () => refusing(503, 'SlowDown'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '503 SlowDown', outcome: 'not_stored' },
  },
  {
    what: 'the store fails',
    store: () => refusing(500, 'InternalError'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '500 InternalError', outcome: 'unknown' },
  },
  {
    what: 'a proxy in front of the store gets no response from it',
    store: () => answering(504, '<html></html>'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '502 BadGateway', outcome: 'unknown' },
  },
  {
    what: 'the client requests the headers of an object that does not exist',
    store: () => answering(404, ''),
    act: (world) => exchange(world, 'HEAD', '/uploads/k'),
    expected: { type: 'no_such_key', side: 'client', span: 'unset', failed: 'aws.s3.head_object', response: '404' },
  },
  {
    what: 'the store loses the upload of an object that the gateway splits',
    store: () => inParts(answerWell, refusing(404, 'NoSuchUpload')),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: {
      ...failed,
      type: 'store_error',
      failed: 's3.upload',
      response: '502 BadGateway',
      reason: 'NoSuchUpload',
      outcome: 'not_stored',
    },
  },
];
