import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { END, type EncodedForm, encodeForm, field, filePart, formOf, handWritten } from '../support/forms.ts';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KEY = { access_key: 'AK', secret_key: 'a-secret-of-the-form-signer', subject: 'browser' };
const FILE = Buffer.from('content');
const codeOf = ({ status, body }: Answer): string => `${status} ${/<Code>(.*?)<\/Code>/.exec(body)?.[1]}`;

describe('refused forms', () => {
  let store: RawStore;
  let open: TestGateway;
  let guarded: TestGateway;
  before(async () => {
    store = await RawStore.start();
    open = await startGateway({ storeUrl: store.url, server: { body_idle_timeout_seconds: 1 } });
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    const auth = { enabled: true, sigv4: { region: 'us-east-1', credentials: [KEY] } };
    const buckets = ['uploads', 'other'].map((name) => ({ name, s3, auth }));
    guarded = await startGateway({ storeUrl: store.url, buckets });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
  });
  after(async () => {
    await open.close();
    await guarded.close();
    await store.close();
  });

  const post = (
    { contentType, bytes }: EncodedForm,
    gateway = open,
    path = '/uploads',
    headers = {},
  ): Promise<Answer> => send(gateway.url, 'POST', path, bytes, { 'content-type': contentType, ...headers });

  async function signed(options: Partial<PresignedPostOptions> = {}, sdk: { secret?: string; region?: string } = {}) {
    const { secret = KEY.secret_key, region = 'us-east-1' } = sdk;
    const credentials = { accessKeyId: KEY.access_key, secretAccessKey: secret };
    const client = new S3Client({ endpoint: guarded.url, forcePathStyle: true, region, credentials });
    return createPresignedPost(client, { Bucket: 'uploads', Key: 'k', ...options });
  }

  describe('of unauthenticated clients', () => {
    const key = field('key', 'k');
    const file = filePart('content');
    const ok = handWritten(key, file, END);
    const refused: [what: string, form: EncodedForm, outcome: string, headers?: Record<string, string>][] = [
      ['no key', handWritten(file, END), '400 InvalidArgument'],
      ['a key after the file', handWritten(file, key, END), '400 InvalidArgument'],
      ['a key that climbs out', handWritten(field('key', '../other/k'), file, END), '400 InvalidURI'],
      [
        'a file name that makes the key climb out',
        handWritten(field('key', `a/../\${filename}`), filePart('x', '..'), END),
        '400 InvalidURI',
      ],
      ['a key with a control character', handWritten(field('key', 'a\r\nb'), file, END), '400 InvalidURI'],
      ['a key that is too long', handWritten(field('key', 'k'.repeat(1025)), file, END), '400 KeyTooLongError'],
      [
        'a key that the file name makes too long',
        handWritten(field('key', `\${filename}`), filePart('x', 'ü'.repeat(513)), END),
        '400 KeyTooLongError',
      ],
      [
        'a key that is empty without a file name',
        handWritten(field('key', `\${filename}`), filePart('x', ''), END),
        '400 InvalidArgument',
      ],
      ['another bucket', handWritten(key, field('bucket', 'other'), file, END), '403 AccessDenied'],
      ['an ACL', handWritten(key, field('acl', 'public-read'), file, END), '403 AccessDenied'],
      ['the header of an ACL', handWritten(key, field('x-amz-acl', 'public-read'), file, END), '403 AccessDenied'],
      ['a grant', handWritten(key, field('x-amz-grant-read', 'id=a'), file, END), '403 AccessDenied'],
      ['a copy', handWritten(key, field('x-amz-copy-source', '/other/k'), file, END), '403 AccessDenied'],
      [
        'a snowball',
        handWritten(key, field('x-amz-meta-snowball-auto-extract', 'true'), file, END),
        '403 AccessDenied',
      ],
      [
        'a website redirect',
        handWritten(key, field('x-amz-website-redirect-location', '/'), file, END),
        '403 AccessDenied',
      ],
      ['tags that are not XML', handWritten(key, field('tagging', 'a=b'), file, END), '400 MalformedXML'],
      ['framing within', handWritten(key, field('content-encoding', 'aws-chunked'), file, END), '400 InvalidRequest'],
      [
        '10,000 fields',
        handWritten(key, ...Array.from({ length: 10_000 }, (_, i) => field(`f${i}`, 'v')), file, END),
        '400 MalformedPOSTRequest',
      ],
      [
        'a field of 1 MB',
        handWritten(key, field('f', 'v'.repeat(1_000_000)), file, END),
        '400 MaxPostPreDataLengthExceeded',
      ],
      ['no file', handWritten(key, END), '400 IncorrectNumberOfFilesInPostRequest'],
      ['two files', handWritten(key, file, file, END), '400 IncorrectNumberOfFilesInPostRequest'],
      [
        '21 KiB after its file',
        handWritten(key, file, field('a', 'b'.repeat(21_000)), END),
        '400 MalformedPOSTRequest',
      ],
      ['a field after its file, but no end', handWritten(key, file, field('a', 'b')), '400 MalformedPOSTRequest'],
      ['no end', handWritten(key, file), '400 MalformedPOSTRequest'],
      ['no boundary', { ...ok, contentType: 'multipart/form-data' }, '400 MalformedPOSTRequest'],
      ['another boundary', { ...ok, contentType: 'multipart/form-data; boundary=other' }, '400 MalformedPOSTRequest'],
      ['another type', { ...ok, contentType: 'multipart/mixed; boundary=the-boundary' }, '405 MethodNotAllowed'],
      ['no length', ok, '411 MissingContentLength', { 'transfer-encoding': 'chunked' }],
      ['a hash of the form', ok, '400 MalformedPOSTRequest', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }],
    ];
    for (const [what, form, outcome, headers] of refused) {
      it(`with ${what} reach no store`, async () => {
        assert.equal(codeOf(await post(form, open, '/uploads', headers)), outcome);
        assert.equal(store.requests.length, 0);
      });
    }

    for (const [path, outcome] of [
      ['/uploads?X-Amz-Signature=1', '400 MalformedPOSTRequest'],
      ['/uploads?acl', '400 MalformedPOSTRequest'],
      ['/uploads/k', '405 MethodNotAllowed'],
      ['/nowhere', '404 NoSuchBucket'],
      ['/uploads/../other', '400 InvalidURI'],
    ] as const) {
      it(`for ${path} reach no store`, async () => {
        assert.equal(codeOf(await post(ok, open, path)), outcome);
        assert.equal(store.requests.length, 0);
      });
    }

    it('for an unknown bucket are not read', async (t) => {
      const client = await RawClient.connect(open.url);
      t.after(() => client.destroy());
      client.write(
        `POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Type: ${ok.contentType}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`,
      );
      await client.until(/^HTTP\/1\.1 404 /);
    });

    it('that stall are aborted', async (t) => {
      const client = await RawClient.connect(open.url);
      t.after(() => client.destroy());
      client.write(
        `POST /uploads HTTP/1.1\r\nHost: h\r\nContent-Type: ${ok.contentType}\r\nContent-Length: 1000\r\n\r\n${key}`,
      );
      await client.until(/^HTTP\/1\.1 408 .*<Code>RequestTimeout<\/Code>/s);
      assert.equal(store.requests.length, 0);
    });

    const malformed = 'MalformedPOSTRequest';
    for (const [what, end, code] of [
      ['another file', `\r\n${filePart('b')}${END}`, 'IncorrectNumberOfFilesInPostRequest'],
      ['another large file', `\r\n${filePart('b'.repeat(200_000))}${END}`, malformed],
      ['a large field', `\r\n${field('a', 'b'.repeat(21_000))}${END}`, malformed],
      ['a field without an end', `\r\n${field('acl', 'public-read')}`, malformed],
      ['half a delimiter', `\r\n${END.slice(0, -4)}`, malformed],
      ['nothing', '', malformed],
    ] as const) {
      it(`with ${what} after a large file reach no store`, async () => {
        const [head] = filePart('').split('\r\n\r\n');
        const bytes = Buffer.concat([Buffer.from(`${key}${head}\r\n\r\n`), randomBytes(1_000_000), Buffer.from(end)]);
        assert.equal(codeOf(await post({ ...ok, bytes })), `400 ${code}`);
        assert.equal(store.requests.length, 0);
      });
    }

    for (const share of [0.1, 0.5, 0.999]) {
      it(`whose client goes after ${share * 100} % reach no store`, async (t) => {
        const { contentType, bytes } = await encodeForm(formOf({ key: 'k' }, randomBytes(1_000_000)));
        const client = await RawClient.connect(open.url);
        t.after(() => client.destroy());
        const logged = open.log.length;
        client.write(
          `POST /uploads HTTP/1.1\r\nHost: h\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
        );
        client.socket.write(bytes.subarray(0, Math.floor(bytes.length * share)), () => client.destroy());
        while (!JSON.stringify(open.log.slice(logged)).includes('client_aborted')) await setImmediate();
        assert.equal(store.requests.length, 0);
      });
    }
  });

  describe('with a policy', () => {
    const changed: [what: string, change: Record<string, string>, outcome: string, secret?: string][] = [
      ['another key', { key: 'other' }, '403 AccessDenied'],
      ['a field more', { 'x-amz-storage-class': 'GLACIER' }, '403 AccessDenied'],
      ['a header of another kind', { 'Content-Type': 'text/html' }, '403 AccessDenied'],
      ['another bucket in a field', { bucket: 'other' }, '403 AccessDenied'],
      ['another signature', { 'X-Amz-Signature': '0'.repeat(64) }, '403 SignatureDoesNotMatch'],
      [
        'an unknown key',
        { 'X-Amz-Credential': 'BK/20300101/us-east-1/s3/aws4_request', 'X-Amz-Date': '20300101T000000Z' },
        '403 InvalidAccessKeyId',
      ],
      ['another policy', { Policy: Buffer.from('{}').toString('base64') }, '403 SignatureDoesNotMatch'],
      ['no policy', { Policy: '' }, '400 InvalidArgument'],
    ];
    for (const [what, change, outcome] of changed) {
      it(`but ${what} reach no store, small or large`, async () => {
        const { fields } = await signed({ Fields: { 'Content-Type': 'image/png' } });
        for (const file of [FILE, randomBytes(300_000)]) {
          const answer = await post(await encodeForm(formOf({ ...fields, ...change }, file)), guarded);
          assert.equal(codeOf(answer), outcome);
        }
        assert.equal(store.requests.length, 0);
      });
    }

    it('for one bucket are rejected for another', async () => {
      const { fields } = await signed();
      const { bucket: _, ...without } = fields;
      for (const form of [fields, without])
        assert.equal(codeOf(await post(await encodeForm(formOf(form, FILE)), guarded, '/other')), '403 AccessDenied');
      assert.equal(store.requests.length, 0);
    });

    const others: [what: string, options: Partial<PresignedPostOptions>, outcome: string, sdk?: object][] = [
      ['that has expired', { Expires: -1 }, '403 AccessDenied'],
      ['for a smaller file', { Conditions: [['content-length-range', 0, 6]] }, '400 EntityTooLarge'],
      ['for a larger file', { Conditions: [['content-length-range', 8, 100]] }, '400 EntityTooSmall'],
      ['of another secret', {}, '403 SignatureDoesNotMatch', { secret: 'another' }],
      ['of another region', {}, '400 InvalidArgument', { region: 'eu-central-1' }],
    ];
    for (const [what, options, outcome, sdk] of others) {
      it(`${what} reach no store`, async () => {
        const { fields } = await signed(options, sdk);
        assert.equal(codeOf(await post(await encodeForm(formOf(fields, FILE)), guarded)), outcome);
        assert.equal(store.requests.length, 0);
      });
    }

    it('for a smaller file are refused before the file is read', async (t) => {
      const { fields } = await signed({ Conditions: [['content-length-range', 0, 1000]] });
      const { contentType, bytes } = await encodeForm(formOf(fields, randomBytes(5_000_000)));
      const client = await RawClient.connect(guarded.url);
      t.after(() => client.destroy());
      client.write(
        `POST /uploads HTTP/1.1\r\nHost: h\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      );
      client.write(bytes.subarray(0, 10_000));
      await client.until(/^HTTP\/1\.1 400 .*<Code>EntityTooLarge<\/Code>.*<MaxSizeAllowed>1000</s);
      assert.equal(store.requests.length, 0);
    });

    it('for a range that only the end of a large file shows to be missed reach no store', async () => {
      const file = 'x'.repeat(300_000);
      for (const [range, outcome] of [
        [[0, 299_999], '400 EntityTooLarge'],
        [[300_001, 400_000], '400 EntityTooSmall'],
        [[300_000, 300_000], '200 undefined'],
      ] as const) {
        const { fields } = await signed({
          Conditions: [['content-length-range', ...range]],
          Fields: { success_action_status: '200' },
        });
        const parts = Object.entries(fields).map(([name, value]) => field(name, value));
        const form = handWritten(...parts, filePart(file), field('submit', 'Send it'), END);
        assert.equal(codeOf(await post(form, guarded)), outcome);
        assert.equal(store.requests.length, outcome.startsWith('200') ? 1 : 0);
      }
    });

    it('that is missing are refused if the bucket requires authentication', async () => {
      const answer = await post(handWritten(field('key', 'k'), filePart('content'), END), guarded);
      assert.equal(codeOf(answer), '403 AccessDenied');
      assert.equal(store.requests.length, 0);
    });

    it('leave no secret in the log', async () => {
      const { fields } = await signed({ Fields: { 'x-amz-meta-name': 'Jane' } });
      const spoilt = { ...fields, 'x-amz-meta-name': 'Miller' };
      const answer = await post(await encodeForm(formOf(spoilt, FILE)), guarded);
      assert.match(answer.body, /<Condition>.*Jane.*<\/Condition>/);
      const log = JSON.stringify(guarded.log);
      for (const secret of [
        KEY.secret_key,
        fields.Policy as string,
        fields['X-Amz-Signature'] as string,
        'Jane',
        'Miller',
      ])
        assert.ok(!log.includes(secret), secret);
      assert.match(log, /"error_reason":"condition_failed"/);
    });
  });
});
