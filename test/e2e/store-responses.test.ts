import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

/** Words by which the operator's store, account and network are known. */
const INSIDE = [
  'my-bucket',
  'arn:aws',
  '111122223333',
  'gateway-role',
  '10.1.2.3',
  'store.internal',
  'owner-of-the-bucket',
  'a-host-id',
  'alias/operator',
  'a-rule',
];
const DETAILS =
  '<Resource>/my-bucket/k</Resource><BucketName>my-bucket</BucketName><Endpoint>store.internal</Endpoint><HostId>a-host-id</HostId>';
const MESSAGE =
  'User: arn:aws:sts::111122223333:assumed-role/gateway-role/i is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::my-bucket/k" from 10.1.2.3?X-Amz-Signature=0badc0de0badc0de';
const HEADERS = {
  server: 'store.internal',
  via: '1.1 store.internal',
  location: 'http://10.1.2.3/',
  'www-authenticate': 'Basic realm="store.internal"',
  'x-amz-id-2': 'a-host-id',
  'x-amz-request-id': 'STORE0001',
  'x-amz-bucket-region': 'store.internal',
  'x-amz-expiration': 'expiry-date="Fri, 23 Dec 2026 00:00:00 GMT", rule-id="a-rule"',
  'x-amz-abort-rule-id': 'a-rule',
  'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:us-east-1:111122223333:alias/operator',
};
const errorOf = (code: string): string => `<Error><Code>${code}</Code><Message>${MESSAGE}</Message>${DETAILS}</Error>`;

describe("the store's responses", () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  let uploadId = '';
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    gateway = await startGateway({
      storeUrl: store.url,
      buckets: [
        {
          name: 'uploads',
          head: 'allow',
          s3: { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' },
        },
      ],
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
    const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
    store.behaviour = answering(200, created);
    const { body } = await send(gateway.url, 'POST', '/uploads/k?uploads');
    uploadId = /<UploadId>([^<]+)/.exec(body)![1]!;
  });
  beforeEach(() => {
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await Promise.all([collector.close(), store.close()]);
  });

  const COMPLETE =
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
  const ask = (operation: string) => {
    const upload = `/uploads/k?uploadId=${encodeURIComponent(uploadId)}`;
    if (operation === 'PutObject') return send(gateway.url, 'PUT', '/uploads/k', 'hello');
    if (operation === 'CreateMultipartUpload') return send(gateway.url, 'POST', '/uploads/k?uploads');
    if (operation === 'UploadPart') return send(gateway.url, 'PUT', `${upload}&partNumber=1`, 'hello');
    if (operation === 'CompleteMultipartUpload') return send(gateway.url, 'POST', upload, COMPLETE);
    if (operation === 'ListParts') return send(gateway.url, 'GET', upload);
    if (operation === 'HeadObject') return send(gateway.url, 'HEAD', '/uploads/k');
    return send(gateway.url, 'DELETE', upload);
  };
  const OPERATIONS = [
    'PutObject',
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'ListParts',
    'AbortMultipartUpload',
  ];
  const assertNothingInside = (answer: object): void => {
    const text = JSON.stringify(answer);
    assert.deepEqual(
      INSIDE.filter((word) => text.includes(word)),
      [],
    );
  };

  const errors: readonly (readonly [status: number, code: string, expected: string])[] = [
    [403, 'AccessDenied', '502 BadGateway store_refused_gateway'],
    [404, 'NoSuchBucket', '502 BadGateway store_refused_gateway'],
    [403, 'InvalidAccessKeyId', '502 BadGateway store_refused_gateway'],
    [401, 'Unauthorized', '502 BadGateway store_refused_gateway'],
    [407, 'ProxyAuthenticationRequired', '502 BadGateway store_refused_gateway'],
    [301, 'PermanentRedirect', '502 BadGateway store_refused_gateway'],
    [302, 'Found', '502 BadGateway store_refused_gateway'],
    [304, 'NotModified', '502 BadGateway store_refused_gateway'],
    [400, 'KMS.DisabledException', '502 BadGateway store_refused_gateway'],
    [400, 'constructor', '502 BadGateway store_error'],
    [418, 'Teapot', '502 BadGateway store_error'],
    [511, 'NetworkAuthenticationRequired', '502 BadGateway store_error'],
    [999, 'Linked', '502 BadGateway store_invalid_answer'],
    [600, 'Beyond', '502 BadGateway store_invalid_answer'],
    [403, 'RequestTimeTooSkewed', '502 BadGateway store_refused_gateway'],
    [400, 'AuthorizationHeaderMalformed', '502 BadGateway store_refused_gateway'],
    [403, 'QuotaExceeded', '502 BadGateway store_error'],
    [400, 'EntityTooSmall', '400 EntityTooSmall refused_by_store'],
    [400, 'EntityTooLarge', '400 EntityTooLarge too_large'],
    [999, 'InvalidPart', '400 InvalidPart refused_by_store'],
    [400, 'InvalidPartOrder', '400 InvalidPartOrder refused_by_store'],
    [400, 'InvalidArgument', '400 InvalidArgument refused_by_store'],
    [400, 'KeyTooLongError', '400 KeyTooLongError key_too_long'],
    [400, 'MetadataTooLarge', '400 MetadataTooLarge metadata_too_large'],
    [400, 'MalformedXML', '400 MalformedXML malformed_xml'],
    [412, 'PreconditionFailed', '412 PreconditionFailed condition_failed'],
    [409, 'ConditionalRequestConflict', '409 ConditionalRequestConflict condition_failed'],
    [401, 'BadDigest', '502 BadGateway store_received_other_bytes'],
    [400, 'IncompleteBody', '502 BadGateway store_received_other_bytes'],
    [411, 'MissingContentLength', '502 BadGateway store_error'],
    [400, 'RequestTimeout', '400 RequestTimeout store_error'],
    [404, 'NoSuchUpload', '404 NoSuchUpload no_such_upload'],
    [429, 'TooManyRequests', '503 SlowDown store_error'],
    [500, 'InternalError', '500 InternalError store_error'],
    [200, 'InternalError', '500 InternalError store_error'],
    [200, 'AccessDenied', '502 BadGateway store_refused_gateway'],
    [507, 'XMinioStorageFull', '502 BadGateway store_error'],
  ];
  for (const [status, code, expected] of errors) {
    it(`are ${expected} to the client where they are ${status} ${code}`, async () => {
      for (const operation of OPERATIONS) {
        store.behaviour = answering(status, status === 304 ? '' : errorOf(code), HEADERS);
        const answer = await ask(operation);
        const line = gateway.log.findLast(({ message }) => message === 'request')!;
        const seen = /<Code>([^<]*)/.exec(answer.body)?.[1];
        assert.equal(`${answer.status} ${seen} ${line.error_type}`, expected, operation);
        assertNothingInside(answer);
        if (status < 600 && status !== 304) assert.equal(answer.headers['x-amz-request-id'], 'STORE0001');
      }
    });
  }

  for (const status of [401, 403, 407, 201, 202, 203, 206, 299, 404, 418, 999]) {
    it(`are 502 to the client where they are ${status} and disclose nothing`, async () => {
      store.behaviour = answering(status, '', HEADERS);
      const answer = await ask('PutObject');
      assert.equal(answer.status, 502);
      assertNothingInside(answer);
    });
  }

  it('to HEAD are 304, 400, 403, 404, 412 and 416 where they are', async () => {
    for (const [status, expected] of [
      [304, 304],
      [400, 400],
      [403, 403],
      [404, 404],
      [412, 412],
      [416, 416],
      [401, 502],
      [999, 502],
    ] as const) {
      store.behaviour = answering(status, '', HEADERS);
      const answer = await ask('HeadObject');
      assert.equal(answer.status, expected);
      assertNothingInside(answer);
    }
  });

  it("are in the store's own words for the operator, without what opens anything", async () => {
    store.behaviour = answering(403, errorOf('AccessDenied'), HEADERS);
    const { headers } = await ask('PutObject');
    const line = gateway.log.findLast(({ message }) => message === 'request')!;
    const words =
      /^AccessDenied: User: arn:aws:sts::111122223333.*my-bucket\/k" from 10\.1\.2\.3\?X-Amz-Signature=REDACTED$/;
    assert.match(String(line.error_detail), words);
    assert.equal(line.error_reason, 'AccessDenied');
    const traceId = /00-([0-9a-f]{32})/.exec(String(headers['server-timing']))![1];
    await collector.until(() =>
      collector.spans().some((span) => span.traceId === traceId && span.name === 'aws.s3.put_object'),
    );
    const span = collector.spans().find((each) => each.traceId === traceId && each.name === 'aws.s3.put_object')!;
    assert.match(span.status.message, words);
  });

  const parts = `<Part><PartNumber>1</PartNumber><LastModified>2026-11-29T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32><Host>store.internal</Host></Part>`;
  const owner = '<ID>owner-of-the-bucket</ID><DisplayName>arn:aws:iam::111122223333:user/x</DisplayName>';
  const documents: readonly (readonly [operation: string, document: string, expected: string])[] = [
    [
      'ListParts',
      `<?xml version="1.0"?><ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>my-bucket</Bucket><Key>other</Key><UploadId>u</UploadId><Initiator>${owner}</Initiator><Owner a="b">${owner}</Owner><StorageClass>STANDARD</StorageClass><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>1</NextPartNumberMarker><MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>${parts}<Future>store.internal</Future></ListPartsResult>`,
      `<Bucket>uploads</Bucket><Key>k</Key><UploadId>ID</UploadId><StorageClass>STANDARD</StorageClass><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>1</NextPartNumberMarker><MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><LastModified>2026-11-29T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>`,
    ],
    [
      'ListParts',
      `<s:ListPartsResult xmlns:s="x"><!-- my-bucket --><s:Owner>${owner}<s:Part><s:ETag>arn:aws</s:ETag></s:Part></s:Owner><![CDATA[<Owner>my-bucket</Owner>]]></s:ListPartsResult>`,
      '<Bucket>uploads</Bucket><Key>k</Key><UploadId>ID</UploadId>',
    ],
    [
      'CompleteMultipartUpload',
      '<CompleteMultipartUploadResult><Location>http://10.1.2.3/my-bucket/k</Location><Bucket>my-bucket</Bucket><Key>k</Key><ETag>"e-1"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType><Owner>my-bucket</Owner></CompleteMultipartUploadResult>',
      'LOCATION<Bucket>uploads</Bucket><Key>k</Key><ETag>&quot;e-1&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType>',
    ],
  ];
  for (const [operation, document, expected] of documents) {
    it(`to ${operation} are made anew from what tells nothing of the store: ${document.slice(0, 40)}`, async () => {
      store.behaviour = answering(200, document, HEADERS);
      const answer = await ask(operation);
      assert.equal(answer.status, 200, answer.body);
      assertNothingInside(answer);
      const content = /<\w+Result [^>]*>(.*)<\/\w+Result>/s.exec(answer.body)![1]!;
      const known = content.replace(/<Location>[^<]*<\/Location>/, 'LOCATION').replaceAll(uploadId, 'ID');
      assert.equal(known, expected);
    });
  }

  it('to CreateMultipartUpload name the bucket as the client does', async () => {
    store.behaviour = answering(
      200,
      '<InitiateMultipartUploadResult><Bucket>my-bucket</Bucket><Key>other</Key><UploadId>u</UploadId><Owner>my-bucket</Owner></InitiateMultipartUploadResult>',
      HEADERS,
    );
    const answer = await ask('CreateMultipartUpload');
    assert.equal(answer.status, 200);
    assert.match(answer.body, /<Bucket>uploads<\/Bucket><Key>k<\/Key><UploadId>[^<]+<\/UploadId><\/Init/);
    assertNothingInside(answer);
  });

  for (const document of [
    '<!DOCTYPE x [<!ENTITY e "my-bucket">]><ListPartsResult><Key>&e;</Key></ListPartsResult>',
    '<ListPartsResult><Part>',
    '<ListBucketResult/>',
    'my-bucket',
  ]) {
    it(`are refused if they are not such a document: ${document.slice(0, 30)}`, async () => {
      store.behaviour = answering(200, document, HEADERS);
      const answer = await ask('ListParts');
      assert.equal(answer.status, 502);
      assertNothingInside(answer);
    });
  }
});
