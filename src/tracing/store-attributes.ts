/** Attributes of one attempt at the store. */
import { connectionAttributes } from './connection-attributes.ts';
import { CANCELLATION, RETRY_WAIT } from './outcome-attributes.ts';

export const STORE = {
  'rpc.system.name': { type: 'string', when: 'always', prose: '`aws-api`.' },
  'rpc.system': {
    type: 'string',
    when: 'always',
    prose: 'The same; the name that the conventions for S3 still require.',
  },
  'rpc.service': { type: 'string', when: 'always', prose: '`S3`.' },
  'rpc.method': { type: 'string', when: 'always', prose: 'S3 operation, such as `PutObject`.' },
  'aws.s3.bucket': { type: 'string', when: 'always', prose: 'Name of the bucket at the store.' },
  'aws.s3.key': { type: 'string', when: 'always', prose: 'Key of the object at the store.' },
  'aws.request_id': { type: 'string', when: 'if the store sent it', prose: 'The `x-amz-request-id` of the response.' },
  'aws.extended_request_id': {
    type: 'string',
    when: 'if the store sent it',
    prose: 'The `x-amz-id-2` of the response.',
  },
  'cloud.region': { type: 'string', when: 'always', prose: 'Region that the request was signed for.' },
  'server.address': { type: 'string', when: 'always', prose: 'Host of the store.', legacy: 'net.peer.name' },
  'server.port': { type: 'int', when: 'always', prose: 'Port of the store.', legacy: 'net.peer.port' },
  'http.request.method': { type: 'string', when: 'always', prose: 'Method of the request.', legacy: 'http.method' },
  'http.response.status_code': {
    type: 'int',
    when: 'if the store responded',
    prose: 'Status of the response.',
    legacy: 'http.status_code',
  },
  'http.request.body.size': {
    type: 'int',
    unit: 'By',
    when: 'with a body',
    prose:
      'Bytes of the body that the connection to the store took, framing included: fewer than all if the attempt was aborted.',
    legacy: 'http.request_content_length',
  },
  'http.request.resend_count': {
    type: 'int',
    when: 'from the second attempt on',
    prose: 'Number of earlier attempts.',
    legacy: 'http.resend_count',
  },
  's3.queue_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose: 'How long the call waited in the gateway for a connection before this span began; not time of the store.',
  },
  ...connectionAttributes('s3'),
  ...RETRY_WAIT,
  ...CANCELLATION,
} as const;
