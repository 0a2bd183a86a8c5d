import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { FakeEngine } from '../support/fake-engine.ts';
import { BOUNDARY, END, field, filePart } from '../support/forms.ts';
import { RawClient } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

/** More than a queue holds, and of bytes that tell where they belong. */
const OBJECT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 256));
/** Small ones in a row, large ones, and both in turn. */
const SIZES = [1, 1, 1, 2, 3, 1024, 1, 1023, 5000, 1, 1, 20_000, 700, 700, 1, 70_000];

function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = SIZES[i % SIZES.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const chunked = (bytes: Buffer): Buffer =>
  Buffer.concat([...cut(bytes)].flatMap((piece) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]));
const CRLF = Buffer.from('\r\n');
const FRAMED = Buffer.concat([chunked(OBJECT), Buffer.from(`0\r\nx-amz-checksum-crc32:${checksum()}\r\n\r\n`)]);

function checksum(): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(OBJECT));
  return bytes.toString('base64');
}

const head = (line: string, ...headers: string[]): Buffer =>
  Buffer.from([`${line} HTTP/1.1`, 'Host: g', 'Connection: close', ...headers, '', ''].join('\r\n'));
const AWS = [
  'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-trailer: x-amz-checksum-crc32',
  `x-amz-decoded-content-length: ${OBJECT.length}`,
];
const FORM = Buffer.concat([
  Buffer.from(field('key', 'k') + filePart('').slice(0, -2)),
  OBJECT,
  CRLF,
  Buffer.from(END),
]);
const HTTP_END = Buffer.from('0\r\n\r\n');

describe('pieces of every size', () => {
  let store: RawStore;
  let engine: FakeEngine;
  let gateway: TestGateway;
  before(async () => {
    [store, engine] = await Promise.all([RawStore.start(), FakeEngine.start()]);
    const authz = { opa: { url: engine.url, policy_path: 'a', timeout_seconds: 10 } };
    gateway = await startGateway({ storeUrl: store.url, authz });
  });
  after(async () => {
    await gateway.close();
    await Promise.all([store.close(), engine.close()]);
  });

  const requests: [what: string, head: Buffer, body: Buffer][] = [
    ['HTTP chunks', head('PUT /uploads/k', 'Transfer-Encoding: chunked'), Buffer.concat([chunked(OBJECT), HTTP_END])],
    [
      'aws-chunked in HTTP chunks',
      head('PUT /uploads/k', 'Transfer-Encoding: chunked', ...AWS),
      Buffer.concat([chunked(FRAMED), HTTP_END]),
    ],
    ['aws-chunked', head('PUT /uploads/k', `Content-Length: ${FRAMED.length}`, ...AWS), FRAMED],
    [
      'the file of a form',
      head(
        'POST /uploads',
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
        `Content-Length: ${FORM.length}`,
      ),
      FORM,
    ],
  ];
  for (const [what, headers, body] of requests) {
    it(`reach the store whole and in their order: ${what}`, async () => {
      // The body is not asked for before the engine has spoken, so it waits until then; the rest flows.
      let judge = (): void => {};
      const asked = new Promise<void>((resolve) => {
        engine.behaviour = (_, response: ServerResponse) => {
          judge = () => void response.end('{"result":true}');
          resolve();
        };
      });
      const before = store.requests.length;
      const client = await RawClient.connect(gateway.url);
      client.write(headers);
      const half = body.length >> 1;
      client.write(body.subarray(0, half));
      await asked;
      judge();
      client.write(body.subarray(half));
      assert.match(await client.closed(), /^HTTP\/1\.1 20[04] /);
      const [stored, ...others] = store.requests.slice(before);
      assert.equal(others.length, 0);
      const { headers: sent, body: bytes } = stored!;
      assert.equal(digest(sent['x-amz-trailer'] === undefined ? bytes : unframed(bytes)), digest(OBJECT));
    });
  }
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What the gateway frames anew is one chunk here. */
function unframed(bytes: Buffer): Buffer {
  const start = bytes.indexOf(CRLF) + 2;
  return bytes.subarray(start, start + OBJECT.length);
}
