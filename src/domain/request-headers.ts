/**
 * Request headers of AWS SDKs and reverse proxies, as a table: each goes to the store, ends at the gateway, or is refused.
 * The allow-list, the verification of signatures and docs/headers.md read it. A vendor header (`x-amz-…`,
 * `x-minio-…` and so on) without a row is refused; any other header without a row ends here.
 */

import { CHECKSUMS } from './checksums.ts';
import { OBJECT_HEADERS } from './object-headers.ts';
import { type HeaderGroup, OPERATION_ROWS, type OperationName } from './operation.ts';

export type HeaderFate = 'passed' | 'ends_here' | 'refused';

export interface RequestHeader {
  /** Lower case. A `*` at the end stands for any characters. */
  readonly name: string;
  readonly sender: string;
  readonly fate: HeaderFate;
  /** If it is passed: the operations whose requests carry it to the store. Other operations do not know it: it ends here. */
  readonly operations?: readonly OperationName[];
  /** Whether proxies add it behind the client, so that a signature need not cover it. S3 does not act on any of these. */
  readonly addedOnTheWay?: true;
  /** For `refused`, the end of the sentence "This gateway does not offer what the header … asks for: ". */
  readonly why: string;
  readonly source: string;
}

const S3_API = 'Amazon S3 API Reference';
const SIGV4 = `${S3_API}, "Authenticating Requests (AWS Signature Version 4)"`;
const CLOUDFRONT = 'Amazon CloudFront Developer Guide, "Request and response behavior for custom origins"';
const CLOUDFRONT_ADDED = 'Amazon CloudFront Developer Guide, "Add CloudFront request headers"';
const ALB = 'Application Load Balancers User Guide, "HTTP headers and Application Load Balancers"';
const ALB_TLS = 'Application Load Balancers User Guide, "HTTP header modification"';
const CLOUDFLARE = 'Cloudflare Fundamentals, "Cloudflare HTTP headers"';
const ENVOY = 'Envoy documentation, "HTTP header manipulation"';
const NGINX = 'nginx documentation, "ngx_http_proxy_module", proxy_set_header';
const GOOGLE_IAP = 'Google Cloud, "Getting the user\'s identity" (Identity-Aware Proxy)';

/** The operations whose rows have this group of headers. */
function operationsWith(group: HeaderGroup): readonly OperationName[] {
  return OPERATION_ROWS.filter(([, { headers }]) => headers.includes(group)).map(([name]) => name);
}

/** What every request about an object encrypted with the client's own key must carry. */
export const CUSTOMER_KEY_HEADERS = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
] as const;

/** On which condition an object may be written. */
export const CONDITION_HEADERS = ['if-match', 'if-none-match'] as const;

/** Which account owns the bucket, and which one pays. The store judges them with every request. */
export const ACCOUNT_HEADERS = ['x-amz-expected-bucket-owner', 'x-amz-request-payer'] as const;

const CHECKSUM_HEADERS = Object.keys(CHECKSUMS)
  .toSorted()
  .map((name) => `x-amz-checksum-${name}`);

type Details = Omit<RequestHeader, 'name' | 'fate'>;

const rows = (fate: HeaderFate, names: readonly string[], details: Details): RequestHeader[] =>
  names.map((name) => ({ name, fate, ...details }));

const PASSED: readonly RequestHeader[] = [
  ...rows('passed', ['content-type'], {
    sender: 'AWS SDKs',
    operations: operationsWith('content_type'),
    why: 'describes the object, or the XML document',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows(
    'passed',
    OBJECT_HEADERS.filter((name) => name !== 'content-type'),
    {
      sender: 'AWS SDKs',
      operations: operationsWith('object'),
      why: 'describes the object',
      source: `${S3_API}, "PutObject"`,
    },
  ),
  ...rows('passed', CUSTOMER_KEY_HEADERS, {
    sender: 'AWS SDKs',
    operations: operationsWith('customer_key'),
    why: "the client's own encryption key",
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', CONDITION_HEADERS, {
    sender: 'AWS SDKs',
    operations: operationsWith('conditions'),
    why: 'a condition of the write, or of HEAD',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', ACCOUNT_HEADERS, {
    sender: 'AWS SDKs',
    operations: operationsWith('account'),
    why: 'the store judges it',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', ['content-md5'], {
    sender: 'AWS SDKs',
    operations: operationsWith('checksum'),
    why: 'a checksum; the gateway verifies it too',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', ['x-amz-sdk-checksum-algorithm'], {
    sender: 'AWS SDKs',
    operations: operationsWith('body_algorithm'),
    why: 'the store judges it',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', ['x-amz-checksum-algorithm'], {
    sender: 'AWS SDKs; minio-go with each object and part',
    operations: operationsWith('parts_algorithm'),
    why: 'the checksum that the parts will have',
    source: `${S3_API}, "CreateMultipartUpload"`,
  }),
  ...rows('passed', ['x-amz-checksum-type'], {
    sender: 'AWS SDKs',
    operations: operationsWith('checksum_type'),
    why: 'how the checksums of parts become that of the object',
    source: `${S3_API}, "CompleteMultipartUpload"`,
  }),
  ...rows('passed', ['x-amz-mp-object-size'], {
    sender: 'AWS SDKs',
    operations: operationsWith('object_size'),
    why: 'the store verifies the size of the object',
    source: `${S3_API}, "CompleteMultipartUpload"`,
  }),
  ...rows('passed', ['x-amz-checksum-mode', 'if-modified-since', 'if-unmodified-since', 'range'], {
    sender: 'AWS SDKs',
    operations: operationsWith('read'),
    why: 'options of HEAD of an object',
    source: `${S3_API}, "HeadObject"`,
  }),
  ...rows('passed', ['x-amz-meta-*'], {
    sender: 'AWS SDKs',
    operations: operationsWith('object'),
    why: 'user metadata',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('passed', CHECKSUM_HEADERS, {
    sender: 'AWS SDKs',
    operations: operationsWith('checksum'),
    why: 'a checksum; the gateway verifies it too, except XXHash, which only the store verifies',
    source: 'Amazon S3 User Guide, "Checking object integrity"',
  }),
];

const OF_SDKS: readonly RequestHeader[] = [
  ...rows('ends_here', ['authorization', 'x-amz-content-sha256', 'x-amz-date', 'date', 'x-amz-security-token'], {
    sender: 'AWS SDKs',
    why: 'belongs to the signature towards the gateway',
    source: SIGV4,
  }),
  ...rows('ends_here', ['x-amz-decoded-content-length', 'x-amz-trailer'], {
    sender: 'AWS SDKs',
    why: 'describes the aws-chunked framing, which ends here',
    source: `${S3_API}, "Transferring payload in multiple chunks (chunked upload)"`,
  }),
  ...rows('ends_here', ['x-amz-api-version'], {
    sender: 'AWS SDK for C++ (pyarrow, ClickHouse)',
    why: 'always 2006-03-01; S3 has no other version',
    source: 'aws-sdk-cpp, S3Request::GetHeaders',
  }),
  ...rows('ends_here', ['user-agent', 'x-amz-user-agent'], {
    sender: 'AWS SDKs; those for browsers in the second one',
    why: 'names the client; the first is on the span',
    source: 'AWS SDKs, user agent middleware',
  }),
  ...rows('ends_here', ['amz-sdk-invocation-id', 'amz-sdk-request', 'amz-sdk-retry'], {
    sender: 'AWS SDKs',
    why: 'counts the retries of the client',
    source: 'AWS SDKs, retry middleware',
  }),
  ...rows('ends_here', ['x-amz-te'], {
    sender: 'AWS SDK for Java',
    why: 'requests a trailer in responses to GetObject, which is not offered',
    source: 'aws-sdk-java-v2, EnableTrailingChecksumInterceptor',
  }),
  ...rows('ends_here', ['expect', 'te', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'], {
    sender: 'HTTP clients',
    why: 'concerns the connection to the gateway',
    source: 'RFC 9110, section 7.6.1',
  }),
];

const OF_PROXIES: readonly RequestHeader[] = [
  ...rows('ends_here', ['x-amz-cf-*'], {
    sender: 'CloudFront',
    addedOnTheWay: true,
    why: 'the id of the request at CloudFront',
    source: CLOUDFRONT,
  }),
  ...rows('ends_here', ['cloudfront-*'], {
    sender: 'CloudFront',
    addedOnTheWay: true,
    why: 'describes the viewer',
    source: CLOUDFRONT_ADDED,
  }),
  ...rows('ends_here', ['x-amzn-trace-id'], {
    sender: 'ALB, API Gateway, Lambda, AWS SDKs in Lambda',
    addedOnTheWay: true,
    why: 'trace context; it is read if the propagator xray is configured',
    source: ALB,
  }),
  ...rows('ends_here', ['x-amzn-mtls-*', 'x-amzn-tls-*'], {
    sender: 'ALB',
    addedOnTheWay: true,
    why: 'describes the TLS connection of the client',
    source: ALB_TLS,
  }),
  ...rows('ends_here', ['x-amzn-oidc-*'], {
    sender: 'ALB',
    addedOnTheWay: true,
    why: 'a login at the load balancer; the gateway authenticates by itself',
    source: 'Application Load Balancers User Guide, "Authenticate users"',
  }),
  ...rows('ends_here', ['x-amzn-*'], {
    sender: 'API Gateway, VPC Lattice and other AWS proxies',
    addedOnTheWay: true,
    why: 'S3 does not know any header of this prefix',
    source: 'Amazon API Gateway Developer Guide, "Important notes"',
  }),
  ...rows('ends_here', ['cf-*', 'cdn-loop', 'true-client-ip'], {
    sender: 'Cloudflare',
    addedOnTheWay: true,
    why: 'describes the visitor and the way of the request',
    source: CLOUDFLARE,
  }),
  ...rows('ends_here', ['x-real-ip'], {
    sender: 'nginx',
    addedOnTheWay: true,
    why: 'an address of the client that the gateway does not read',
    source: NGINX,
  }),
  ...rows('ends_here', ['x-forwarded-*', 'forwarded', 'via'], {
    sender: 'nginx, Envoy, ALB, Cloudflare, CloudFront',
    addedOnTheWay: true,
    why: 'the way of the request; one of them names the client if server.trusted_proxies is configured',
    source: 'RFC 7239; RFC 9110, section 7.6.3',
  }),
  ...rows('ends_here', ['x-envoy-*', 'x-request-id'], {
    sender: 'Envoy, Istio',
    addedOnTheWay: true,
    why: 'concerns the proxy',
    source: ENVOY,
  }),
  ...rows('ends_here', ['traceparent', 'tracestate', 'baggage', 'b3', 'x-b3-*'], {
    sender: 'Envoy, nginx, instrumented clients',
    addedOnTheWay: true,
    why: 'trace context; the gateway reads it and sends its own to the store',
    source: 'W3C Trace Context; B3 propagation',
  }),
  ...rows('ends_here', ['x-cloud-trace-context'], {
    sender: 'Google Cloud load balancers',
    addedOnTheWay: true,
    why: 'trace context of another kind',
    source: 'Google Cloud, "Trace context"',
  }),
  ...rows('ends_here', ['x-goog-authenticated-user-*', 'x-goog-iap-jwt-assertion'], {
    sender: 'Google Identity-Aware Proxy',
    addedOnTheWay: true,
    why: 'a login at the proxy; the gateway authenticates by itself',
    source: GOOGLE_IAP,
  }),
];

const COPY = 'it takes bytes from its clients and copies nothing within the store';
const ACL = 'clients cannot give others access to an object; headers.allow of the bucket accepts x-amz-acl';
const LOCK = 'a lock outlives the upload; headers.allow of the bucket accepts it';

const REFUSED: readonly RequestHeader[] = [
  ...rows('refused', ['x-amz-copy-source*', 'x-amz-rename-source*', 'x-amz-source-expected-bucket-owner'], {
    sender: 'AWS SDKs',
    why: COPY,
    source: `${S3_API}, "CopyObject", "RenameObject"`,
  }),
  ...rows('refused', ['x-amz-metadata-directive', 'x-amz-tagging-directive', 'x-amz-object-annotation-directive'], {
    sender: 'AWS SDKs',
    why: COPY,
    source: `${S3_API}, "CopyObject"`,
  }),
  ...rows('refused', ['x-amz-acl', 'x-amz-grant-*', 'x-amz-object-ownership'], {
    sender: 'AWS SDKs; x-amz-acl: private ends here',
    why: ACL,
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('refused', ['x-amz-object-lock-*', 'x-amz-bypass-governance-retention'], {
    sender: 'AWS SDKs',
    why: LOCK,
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('refused', ['x-amz-website-redirect-location'], {
    sender: 'AWS SDKs',
    why: 'a redirect leads readers elsewhere; headers.allow of the bucket accepts it',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('refused', ['x-amz-write-offset-bytes'], {
    sender: 'AWS SDKs',
    why: 'an append changes an object that exists, and this gateway writes whole objects only',
    source: `${S3_API}, "PutObject"`,
  }),
  ...rows('refused', ['x-amz-if-match-*'], {
    sender: 'AWS SDKs',
    why: 'only directory buckets know this condition, and without it the request would be another one',
    source: `${S3_API}, "AbortMultipartUpload"`,
  }),
  ...rows('refused', ['x-amz-s3session-token', 'x-amz-create-session-mode'], {
    sender: 'AWS SDKs with directory buckets',
    why: 'it does not create sessions of directory buckets',
    source: `${S3_API}, "CreateSession"`,
  }),
  ...rows('refused', ['x-amz-region-set'], {
    sender: 'AWS SDKs with multi-region access points',
    why: 'it verifies Signature Version 4, not 4A',
    source: SIGV4,
  }),
  ...rows('refused', ['x-amz-mfa'], {
    sender: 'AWS SDKs',
    why: 'it does not delete objects',
    source: `${S3_API}, "DeleteObject"`,
  }),
  ...rows('refused', ['x-amz-object-attributes', 'x-amz-optional-object-attributes'], {
    sender: 'AWS SDKs',
    why: 'it does not show stored objects',
    source: `${S3_API}, "GetObjectAttributes", "ListObjectsV2"`,
  }),
  ...rows(
    'refused',
    ['x-amz-meta-snowball-*', 'x-minio-*', 'x-oss-*', 'x-goog-*', 'x-emc-*', 'x-rgw-*', 'x-ceph-*', 'x-seaweedfs-*'],
    {
      sender: 'other clients',
      why: 'such headers trigger features of a store, such as unpacking an archive',
      source: 'MinIO, Alibaba Cloud OSS, Google Cloud Storage, Dell ECS and Ceph documentation',
    },
  ),
];

/** The first row that fits counts: refusals of a prefix come before the forwarding of a shorter one. */
export const REQUEST_HEADERS: readonly RequestHeader[] = [...OF_SDKS, ...OF_PROXIES, ...REFUSED, ...PASSED];
