/**
 * Real stores as judges of our signatures: the same bytes are signed for the store and for the gateway in front of it, and what the
 * store accepts, the gateway accepts, with the same object.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { presigned, type SignedRequest, signed, type ToSign } from '../../support/aws-signer.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { send } from '../../support/http-client.ts';
import { signedWithDate } from '../../support/signed-with-date.ts';
import { SPELLINGS } from '../../support/spellings.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { STORE_BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import { ACCESS_KEY, SECRET_KEY } from '../support/real-stores.ts';

describeWithEachStore('signatures, as the store itself verifies them', (scene) => {
  /** Its bucket has the name of the store's, so that the same path is signed. */
  let gateway: GatewayProcess;
  before(async () => {
    const credentials = [{ access_key: ACCESS_KEY, secret_key: SECRET_KEY }];
    const more = { path_prefix: `/${STORE_BUCKET}`, literal_keys: true, auth: { sigv4: { credentials } } };
    gateway = await startGatewayInFront({ storeUrl: scene().store.url, bucket: more });
  });
  after(() => gateway.stop());

  type Sign = (toSign: ToSign) => Promise<SignedRequest> | SignedRequest;
  interface Request {
    readonly sign: Sign;
    readonly path: string;
    readonly sent?: string;
    readonly body?: string;
    readonly more?: Partial<ToSign>;
    readonly added?: Record<string, string>;
  }
  async function statusOf(url: string, { sign, path, sent = path, body = 'hello', more, added }: Request) {
    const toSign = { url, path, body, accessKey: ACCESS_KEY, secretKey: SECRET_KEY, ...more };
    const { method, target, headers } = await sign(toSign);
    const wire = target.replace(/^[^?]*/, () => sent);
    return send(url, method, wire, body, { ...headers, ...added });
  }
  /** @returns the status of the gateway, after that of the store. */
  async function both(request: Request): Promise<[store: number, gateway: number]> {
    const direct = await statusOf(scene().store.url, request);
    const through = await statusOf(gateway.url, request);
    return [direct.status, through.status];
  }

  for (const { key, canonical, spellings } of SPELLINGS) {
    for (const spelling of spellings) {
      it(`${JSON.stringify(key)} sent as ${spelling}`, async (test) => {
        const [path, sent] = [`/${STORE_BUCKET}/${canonical}`, `/${STORE_BUCKET}/${spelling}`];
        const keys = await scene().stored.keys();
        for (const [form, sign] of [
          ['in headers', signed],
          ['presigned', presigned],
        ] as const) {
          const [direct, through] = await both({ sign, path, sent });
          if (direct !== 200) test.diagnostic(`${form}: the store says ${direct}, the gateway ${through}`);
          else assert.equal(through, 200, form);
          const begun = { method: 'POST', query: { uploads: '' } };
          const [directly, throughIt] = await both({ sign, path, sent, body: '', more: begun });
          if (directly === 200) assert.equal(throughIt, 200, `${form}, multipart`);
        }
        for (const stored of await scene().stored.keys()) {
          if (keys.includes(stored)) continue;
          assert.equal(stored.replace(/\/+/g, '/'), key.replace(/\/+/g, '/'));
          await scene().stored.remove(stored);
        }
      });
    }
  }

  it('another key is refused by both', async () => {
    const request = { sign: signed, path: `/${STORE_BUCKET}/a%28`, sent: `/${STORE_BUCKET}/b(` };
    assert.deepEqual(await both(request), [403, 403]);
  });

  it('headers of proxies and SDKs, and Date', async (test) => {
    const path = `/${STORE_BUCKET}/headers`;
    const requests: [what: string, Request][] = [
      ['x-amz-cf-id', { sign: signed, path, added: { 'x-amz-cf-id': 'id' } }],
      ['x-amzn-trace-id', { sign: signed, path, added: { 'x-amzn-trace-id': 'Root=1' } }],
      ['x-amz-api-version', { sign: signed, path, more: { headers: { 'x-amz-api-version': '2006-03-01' } } }],
      ['x-amz-request-payer', { sign: signed, path, more: { headers: { 'x-amz-request-payer': 'requester' } } }],
      ['another owner', { sign: signed, path, more: { headers: { 'x-amz-expected-bucket-owner': '111122223333' } } }],
      ['Date', { sign: (it) => signedWithDate({ ...it, at: new Date(), dateHeader: basicNow() }), path }],
      [
        'Date of RFC 1123',
        { sign: (it) => signedWithDate({ ...it, at: new Date(), dateHeader: new Date().toUTCString() }), path },
      ],
      [
        'an unsigned body without a trailer',
        {
          sign: signed,
          path,
          body: '5\r\nhello\r\n0\r\n\r\n',
          more: {
            payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
            headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' },
          },
        },
      ],
    ];
    for (const [what, request] of requests) {
      const [direct, through] = await both(request);
      test.diagnostic(`${what}: the store says ${direct}, the gateway ${through}`);
      if (direct === 200) assert.equal(through, 200, what);
    }
  });
});

const basicNow = (): string => new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
