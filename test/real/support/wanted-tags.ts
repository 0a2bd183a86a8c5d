/** What each kind of span says in the tests with Jaeger: that which every span of its kind says, and what a test adds. */
import { bool, int, some, somePort, someSeconds, string, type WantedTags } from './expected-span.ts';
import { STORE_BUCKET } from './gateway-in-front.ts';

/** Tags of an `http.server.request` whose caller had decided to trace. */
export const serverTags = (gatewayUrl: string, method: string, path: string, more: WantedTags): WantedTags => ({
  'http.request.method': string(method),
  'url.path': string(path),
  'url.scheme': string('http'),
  'http.route': string(`/${path.split('/')[1]}/{key}`),
  'server.address': string('127.0.0.1'),
  'server.port': int(portOf(gatewayUrl)),
  'client.address': string('127.0.0.1'),
  'network.peer.address': string('127.0.0.1'),
  'network.peer.port': somePort,
  'network.protocol.version': string('1.1'),
  'sampling.reason': string('parent_sampled'),
  'mizuchi.request_id': some,
  ...more,
});

/** Tags of an `s3.upload`. */
export const uploadTags = (operation: string, bucket: string, key: string, more: WantedTags): WantedTags => ({
  'mizuchi.bucket': string(bucket),
  's3.bucket': string(bucket === 'missing' ? 'no-such-bucket' : STORE_BUCKET),
  's3.key': string(key),
  's3.operation': string(operation),
  'upload.method': string(operation === 'PutObject' ? 'single' : 'multipart'),
  'upload.client_wait_seconds': someSeconds,
  'upload.store_wait_seconds': someSeconds,
  ...more,
});

/** Up to this many bytes, an object is collected. */
const SMALL = 64 * 1024;

/** Further ones of an `s3.upload` with object bytes. @param way with its reason, if the object is larger than 64 KiB. */
export const objectTags = (
  declared: number,
  received: unknown = declared,
  [way, reason]: readonly [way: string, reason: string] = ['streamed', 'below_threshold'],
  outcome = 'stored',
): WantedTags => ({
  'upload.outcome': string(outcome),
  'upload.way': string(declared <= SMALL ? 'collected' : way),
  'upload.way_reason': string(declared <= SMALL ? 'small' : reason),
  'upload.size_bytes': int(declared),
  'upload.received_bytes': int(received),
  'upload.zero_copy': bool(false),
});

/** Tags of an `aws.s3.…`. */
export const callTags = (
  storeUrl: string,
  operation: string,
  method: string,
  key: string,
  more: WantedTags,
): WantedTags => ({
  'rpc.system.name': string('aws-api'),
  'rpc.system': string('aws-api'),
  'rpc.service': string('S3'),
  'rpc.method': string(operation),
  'aws.s3.bucket': string(STORE_BUCKET),
  'aws.s3.key': string(key),
  'cloud.region': string('us-east-1'),
  'http.request.method': string(method),
  'server.address': string('127.0.0.1'),
  'server.port': int(portOf(storeUrl)),
  ...(method === 'PUT' || method === 'POST' ? { 'http.request.body.size': int((size: number) => size >= 0) } : {}),
  ...more,
});

/** Further ones of an `aws.s3.…` that was sent. */
export const sentTags: WantedTags = {
  'network.peer.address': string('127.0.0.1'),
  'network.peer.port': somePort,
  's3.connection_reused': bool((isReused: unknown) => typeof isReused === 'boolean'),
};

/** Further ones of an `aws.s3.…` that the store answered. */
export const answeredTags = (status: number): WantedTags => ({
  ...sentTags,
  'http.response.status_code': int(status),
  'aws.request_id': some,
  'aws.extended_request_id': some,
});

/** Further ones of an `http.server.request` that failed. @param code undefined where the client got no response. */
export const failedTags = (bucket: string, type: string, code: string | undefined, message: string): WantedTags => ({
  'mizuchi.bucket': string(bucket),
  's3.operation': string('PutObject'),
  'error.type': string(type),
  ...(code !== undefined && { 's3.error.code': string(code) }),
  's3.error.message': string(message),
});

const portOf = (url: string): number => Number(new URL(url).port);
