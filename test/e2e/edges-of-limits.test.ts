/** Through the running server: what is exactly as much as a fixed limit says is accepted, and one more is refused. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FIXED_LIMITS } from '../../src/domain/fixed-limits.ts';
import { BOUNDARY, END, field, filePart, part } from '../support/forms.ts';
import { chunkedHeaders, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

let store: RawStore;
let gateway: TestGateway;

before(async () => {
  store = await RawStore.start();
  gateway = await startGateway({ storeUrl: store.url });
});
after(async () => {
  await gateway.close();
  await store.close();
});

/** Why this aws-chunked body is refused: each of them is, for one reason or the other. */
async function messageOf(body: string): Promise<string | undefined> {
  const answer = await send(gateway.url, 'PUT', '/uploads/k', body, chunkedHeaders(5));
  assert.equal(answer.status, 400);
  return /<Message>(.*)<\/Message>/.exec(answer.body)?.[1];
}

describe('a fixed limit', () => {
  it('of a chunk line', async () => {
    const withLine = (bytes: number) => {
      const line = `5;x=${'a'.repeat(bytes - '5;x=\r\n'.length)}\r\n`;
      return messageOf(`${line}hello\r\n0\r\n\r\n`);
    };
    assert.notEqual(await withLine(FIXED_LIMITS.chunk_line_bytes), 'A chunk line is longer than 1 KiB.');
    assert.equal(await withLine(FIXED_LIMITS.chunk_line_bytes + 1), 'A chunk line is longer than 1 KiB.');
  });

  it('of trailers', async () => {
    const withTrailers = (count: number) => {
      const lines = Array.from({ length: count }, (_, i) => `x-amz-meta-${i}:v\r\n`).join('');
      return messageOf(`5\r\nhello\r\n0\r\n${lines}\r\n`);
    };
    assert.notEqual(await withTrailers(FIXED_LIMITS.trailers), 'There are too many trailers.');
    assert.equal(await withTrailers(FIXED_LIMITS.trailers + 1), 'There are too many trailers.');
  });

  it('of the headers of one part of a form', async () => {
    const withHeaders = async (count: number) => {
      const others = Array.from({ length: count - 1 }, (_, i) => `\r\nX-${i}: v`).join('');
      const key = part(`Content-Disposition: form-data; name="key"${others}`, 'k');
      const form = key + field('success_action_status', '201') + filePart('hello') + END;
      const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
      const { status, body } = await send(gateway.url, 'POST', '/uploads', form, headers);
      return [status, /<Code>(.*)<\/Code>/.exec(body)?.[1]];
    };
    assert.deepEqual(await withHeaders(FIXED_LIMITS.form_part_headers), [201, undefined]);
    assert.deepEqual(await withHeaders(FIXED_LIMITS.form_part_headers + 1), [400, 'MalformedPOSTRequest']);
  });

  it('is in the metrics, like each clock of a store', async () => {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    for (const name of ['connect_timeout_seconds', 'stall_timeout_seconds', 'answer_timeout_seconds'])
      assert.match(body, new RegExp(`mizuchi_limit\\{setting="buckets.uploads.s3.${name}"\\} \\d+`));
  });
});
