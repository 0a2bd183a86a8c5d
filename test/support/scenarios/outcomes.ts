/** Scenarios in which a response is missing: the client disconnects, the store does not respond, or responds with something else. */

import { RawClient } from '../http-client.ts';
import { answering, answerWell } from '../raw-store.ts';
import { s3Of } from './buckets.ts';
import {
  afterDeparture,
  complete,
  disconnect,
  exchange,
  HALF,
  half,
  leave,
  leaveHalf,
  leaveParts,
  leaveWhole,
  MIB,
  ofOther,
  put,
  silent,
  UPLOAD,
  untilMetric,
  WHOLE,
  whole,
} from './requests.ts';
import type { Scenario } from './scenario.ts';
import { errorOf, firstThen, inParts, refusing, reset } from './stores.ts';

const PUT = 'aws.s3.put_object';
const failed = { side: 'store', span: 'error', failed: PUT } as const;
const gone = { response: undefined, span: 'error' } as const;
const left = { ...gone, type: 'client_aborted', side: 'client' } as const;

export const OUTCOMES: readonly Scenario[] = [
  {
    what: 'the client disconnects in the middle of the body',
    store: () => silent,
    act: leaveHalf,
    expected: { ...left, failed: 's3.upload', outcome: 'not_stored', waitedFor: 'client' },
  },
  {
    what: 'the client disconnects after its last byte, and the store has the object',
    store: () => afterDeparture((response) => response.end()),
    act: leaveWhole,
    expected: { ...left, reason: 'succeeded_unheard', outcome: 'stored', waitedFor: 'store' },
    fix: 'the client waits longer; the operator of the store looks at the duration of `aws.s3.put_object`',
  },
  {
    what: 'the client disconnects after its last byte, and the store refuses the object',
    store: () => afterDeparture((response) => response.writeHead(503).end(errorOf('SlowDown'))),
    act: leaveWhole,
    expected: { ...gone, ...failed, type: 'store_error', outcome: 'not_stored', waitedFor: 'store' },
  },
  {
    what: 'the client disconnects after its last byte, and the store never responds',
    store: () => silent,
    act: leaveWhole,
    expected: {
      ...gone,
      ...failed,
      type: 'store_timeout',
      reason: 'no_answer',
      outcome: 'unknown',
      waitedFor: 'store',
    },
  },
  {
    what: 'the client disconnects while the store receives the parts of its object',
    store: () => inParts(silent, answering(204, '')),
    act: leaveParts,
    expected: { ...left, failed: 's3.upload', outcome: 'not_stored', waitedFor: 'store' },
  },
  {
    what: 'the client disconnects after its last byte, and the upload of its part is complete',
    store: () => afterDeparture((response) => response.end()),
    act: (world) => disconnect(world, WHOLE.replace('/uploads/k', `${UPLOAD}&partNumber=1`), whole),
    expected: { ...left, reason: 'succeeded_unheard', outcome: 'stored', waitedFor: 'store' },
  },
  {
    what: 'the client disconnects while its upload waits for a connection to the store',
    store: () => silent,
    own: ({ store }) => ({
      s3: { ...s3Of({ store }), max_connections: 1 },
      server: { shutdown_timeout_seconds: 0.1 },
    }),
    act: async (world) => {
      const other = await RawClient.connect(world.gateway.url);
      const arrived = world.store.next();
      other.write(ofOther(HALF));
      await half(await arrived);
      const client = await RawClient.connect(world.gateway.url);
      client.write(WHOLE);
      await untilMetric(world, 'mizuchi_uploads_in_flight', 2);
      return leave(world.gateway, client);
    },
    expected: { ...left, failed: 's3.upload', outcome: 'not_stored', waitedFor: 'connection' },
    fix: 'the operator of the gateway raises `s3.max_connections`: [sizing](sizing.md)',
  },
  {
    what: 'the store is unreachable',
    act: (world) => exchange(world, 'PUT', '/unreachable/k', 'hello'),
    expected: {
      ...failed,
      type: 'store_unreachable',
      response: '503 ServiceUnavailable',
      reason: 'ECONNREFUSED',
      outcome: 'not_stored',
    },
    fix: 'the operator of the store starts it, or the operator of the gateway corrects `s3.endpoint`',
  },
  {
    what: 'the host name of the store does not exist',
    own: ({ store }) => ({ s3: { ...s3Of({ store }), endpoint: 'http://store.invalid:9000' } }),
    act: put,
    expected: {
      ...failed,
      type: 'store_unreachable',
      response: '503 ServiceUnavailable',
      reason: 'ENOTFOUND',
      outcome: 'not_stored',
    },
    fix: 'the operator of the gateway corrects `s3.endpoint`, or DNS',
  },
  {
    what: 'the endpoint of the store begins with https://, and the store does not use TLS',
    own: ({ store }) => ({ s3: { ...s3Of({ store }), endpoint: store.url.replace('http:', 'https:') } }),
    act: put,
    expected: {
      ...failed,
      type: 'store_unreachable',
      response: '503 ServiceUnavailable',
      reason: 'ERR_SSL_WRONG_VERSION_NUMBER',
      outcome: 'not_stored',
    },
    fix: 'the operator of the gateway uses `http://` in `s3.endpoint`',
  },
  {
    what: 'the certificate of the store is not trusted',
    act: (world) => exchange(world, 'PUT', '/untrusted/k', 'hello'),
    expected: {
      ...failed,
      type: 'store_unreachable',
      response: '503 ServiceUnavailable',
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      outcome: 'not_stored',
    },
    fix: 'the operator of the gateway sets `s3.ca_file`',
  },
  {
    what: 'the store reads nothing of the object',
    store: () => (request) => void request.pause(),
    own: ({ store }) => ({ upload: {}, s3: { ...s3Of({ store }), stall_timeout_seconds: 0.3 } }),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(30 * MIB)),
    expected: {
      ...failed,
      type: 'store_timeout',
      response: '504 GatewayTimeout',
      reason: 'takes_nothing',
      outcome: 'not_stored',
    },
  },
  {
    what: 'the store resets the connection after the last byte',
    store: () => reset,
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'if-none-match': '*' }),
    expected: { ...failed, type: 'store_reset', reason: 'ECONNRESET', response: '502 BadGateway', outcome: 'unknown' },
  },
  {
    what: 'the store resets the connection after the last byte, and refuses the next attempt',
    store: () => firstThen(reset, refusing(403, 'AccessDenied')),
    act: put,
    expected: {
      type: 'store_refused_gateway',
      side: 'gateway',
      span: 'error',
      failed: PUT,
      response: '502 BadGateway',
      reason: 'AccessDenied',
      outcome: 'unknown',
    },
  },
  {
    what: 'the store resets the connection of a completion, and of all later requests',
    store: () => reset,
    act: complete,
    expected: {
      ...failed,
      type: 'store_reset',
      failed: 'aws.s3.complete_multipart_upload',
      response: '502 BadGateway',
      reason: 'completion_unknown',
      outcome: 'unknown',
    },
  },
  {
    what: 'the store has the whole object and does not respond',
    store: () => silent,
    act: put,
    expected: {
      ...failed,
      type: 'store_timeout',
      reason: 'no_answer',
      response: '504 GatewayTimeout',
      outcome: 'unknown',
    },
  },
  {
    what: 'the response of the store is not a response of S3',
    store: () => answering(200, '<html></html>'),
    act: (world) => exchange(world, 'POST', '/uploads/k?uploads', ''),
    expected: { ...failed, type: 'store_invalid_answer', failed: 's3.upload', response: '502 BadGateway' },
    fix: 'the operator of the gateway corrects `s3.endpoint`: the server there does not use S3',
  },
  {
    what: 'a proxy in front of the store gets no response to the completion of a split object',
    store: () => inParts(answerWell, answering(504, '<html></html>')),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: {
      ...failed,
      type: 'store_error',
      failed: 'aws.s3.complete_multipart_upload',
      response: '502 BadGateway',
      outcome: 'unknown',
    },
  },
];
