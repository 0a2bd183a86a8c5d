import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type BodyKind, type Upload, uploadsOf } from '../../../bench/support/body-kinds.ts';
import { lengthOf, objectOf } from '../../../bench/support/object-bytes.ts';
import { ACCESS_KEY, REGION } from '../../../bench/support/signed-requests.ts';
import { answering, answerWell, RawStore } from '../../support/raw-store.ts';
import { startGateway, type TestGateway } from '../../support/start-gateway.ts';

/** The forms with a checksum, hash or signature of the body, and the S3 code where the body differs. */
const PROMISING: Partial<Record<BodyKind, string>> = {
  sha256: 'XAmzContentSHA256Mismatch',
  md5: 'BadDigest',
  'crc32 header': 'BadDigest',
  'crc32c header': 'BadDigest',
  'crc64nvme header': 'BadDigest',
  'sha256 header': 'BadDigest',
  crc32: 'BadDigest',
  crc32c: 'BadDigest',
  crc64nvme: 'BadDigest',
  'signed chunks': 'SignatureDoesNotMatch',
};

describe('bodies of the benchmark', () => {
  // More than one block, and the last one is not full.
  const object = objectOf(600_000);
  let store: RawStore;
  let gateway: TestGateway;

  before(async () => {
    store = await RawStore.start();
    const created = answering(
      200,
      '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>',
    );
    store.behaviour = (request, ...rest) => (request.method === 'POST' ? created : answerWell)(request, ...rest);
    const credentials = [{ ...ACCESS_KEY, subject: 'uploader-0' }];
    gateway = await startGateway({ storeUrl: store.url, auth: { sigv4: { region: REGION, credentials } } });
  });

  after(async () => {
    await gateway?.close();
    await store?.close();
  });

  const written = async (kind: BodyKind, bytes: readonly Buffer[]): Promise<Upload> => {
    const [upload] = await uploadsOf(bytes, { kind, signed: true, keys: 1, port: gateway.app.port });
    return upload!;
  };

  /** @returns the response with its headers. */
  const send = async ({ head, body }: Upload): Promise<string> => {
    const socket = connect(gateway.app.port, '127.0.0.1').setEncoding('latin1');
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.write(Buffer.concat([head, ...body]));
    await once(socket, 'close');
    return answer;
  };

  for (const kind of ['plain', 'undeclared', 'part', ...(Object.keys(PROMISING) as BodyKind[])] as const) {
    it(`arrive at the store as the whole object: ${kind}`, async () => {
      const answer = await send(await written(kind, object));
      assert.match(answer, /^HTTP\/1\.1 200 /);
      const { headers, body } = store.requests.at(-1)!;
      const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'];
      assert.equal(length, String(lengthOf(object)));
      if (headers['x-amz-decoded-content-length'] === undefined) assert.deepEqual(body, Buffer.concat(object));
    });
  }

  for (const [kind, code] of Object.entries(PROMISING) as [BodyKind, string][]) {
    it(`are rejected with a changed byte: ${kind}`, async () => {
      const { head, body } = await written(kind, object);
      const spoiled = body.map((piece) => Buffer.from(piece));
      const largest = spoiled.find(({ length }) => length > 30_000)!;
      largest[20_000]! ^= 1;
      const answer = await send({ head, body: spoiled });
      assert.match(answer, new RegExp(`^HTTP/1.1 40[0-9] .*<Code>${code}</Code>`, 's'));
    });
  }
});
