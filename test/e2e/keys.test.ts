/**
 * One key, one spelling: the key that the policy engine has judged is the key that the store is sent, and a key that some
 * stores keep under another name is refused, wherever it comes from.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { RequestRecord } from '../../src/rehearsal/store/exchange.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { type Answer, send } from '../support/http-client.ts';
import { KeyWays } from '../support/key-ways.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const DEVICE = { access_key: 'AKIADEVICE7', secret_key: 'secret-of-device-7', subject: 'device-7' };
const APP = 'https://app.example.com';
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)</.exec(body)?.[1];
const messageOf = ({ body }: Answer): string => /<Message>([^<]+)</.exec(body)?.[1] ?? '';

/** As they are in a path. */
const REFUSED = [
  ...[
    'inbox/../secret/x',
    'inbox/%2e%2e/secret/x',
    'inbox/%2E./secret/x',
    'inbox/..%2fsecret/x',
    'inbox%2f..%2fsecret',
  ],
  ...[
    'inbox/./x',
    'inbox/%2e/x',
    './inbox/x',
    '../x',
    'inbox/x/../../../y',
    'inbox/..',
    'inbox/../',
    'inbox/.',
    '.',
    '..',
  ],
  ...['inbox//x', 'inbox/%2fx', '/inbox/x', '%2finbox/x', 'inbox/x//', '//', '/', '%2f', 'inbox/a///b'],
  ...['.sgwtmp/x', 'inbox/.sgwtmp/x', 'inbox/.sgwtmp', 'inbox__XLDIR__', 'inbox/a__XLDIR__/b', 'inbox/a__XLDIR__/'],
  ...['meta/bucket-lock', 'inbox/meta/etag', 'meta/policy/'],
];

/** As they are in a path, and what they mean. */
const TAKEN: readonly (readonly [raw: string, key: string])[] = [
  ['inbox/', 'inbox/'],
  ['inbox/a/', 'inbox/a/'],
  ['inbox/...', 'inbox/...'],
  ['inbox/..a/a../.a/a.', 'inbox/..a/a../.a/a.'],
  ['inbox/%252e%252e/x', 'inbox/%2e%2e/x'],
  ['inbox/a%252fb', 'inbox/a%2fb'],
  ['inbox/..%5c..%5cx', 'inbox/..\\..\\x'],
  ['inbox/%20..%20/x', 'inbox/ .. /x'],
  ['inbox/%EF%BC%8E%EF%BC%8E/x', 'inbox/\uff0e\uff0e/x'],
  ['inbox/a%E2%88%95b', 'inbox/a\u2215b'],
  ['inbox/e%CC%81', 'inbox/e\u0301'],
  ['inbox/x.sgwtmp/__XLDIR__x', 'inbox/x.sgwtmp/__XLDIR__x'],
];

describe('a key', () => {
  let seen: RequestRecord[] = [];
  let store: EmbeddedStore;
  let engine: FakeEngine;
  let gateway: TestGateway;
  let client: KeyWays;
  before(async () => {
    store = await EmbeddedStore.start({ buckets: ['at-store'], onRequest: (record) => void seen.push(record) });
    engine = await FakeEngine.start();
    const common = {
      s3: {
        bucket: 'at-store',
        endpoint: store.url,
        access_key: STORE_KEYS.accessKey,
        secret_key: STORE_KEYS.secretKey,
      },
      auth: { sigv4: { credentials: [DEVICE] } },
      authz: { opa: { url: engine.url, policy_path: 'mizuchi/allow' } },
      cors: { allowed_origins: [APP] },
      head: 'allow',
    };
    gateway = await startGateway({
      storeUrl: store.url,
      server: { domain: ['up.example'] },
      buckets: [
        { name: 'uploads', ...common },
        { name: 'literal', literal_keys: true, ...common },
      ],
    });
    const { access_key: accessKey, secret_key: secretKey } = DEVICE;
    client = new KeyWays({ url: gateway.url, domain: 'up.example', accessKey, secretKey });
  });
  beforeEach(() => {
    seen = [];
    engine.questions.length = 0;
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await engine.close();
    await store.close();
  });

  /** Ways in which a client names a key. @param raw percent-encoded. */
  const ways: Readonly<Record<string, (bucket: string, raw: string) => Promise<Answer>>> = {
    'a signed PUT': (bucket, raw) => client.put(bucket, raw),
    'a presigned URL': (bucket, raw) => client.putPresigned(bucket, raw),
    'a PUT to a host of its own': (bucket, raw) => client.putToHost(bucket, raw),
    'a multipart upload': (bucket, raw) => client.begin(bucket, raw),
    'the field key of a form': (bucket, raw) => client.post(bucket, decodeURIComponent(raw)),
  };

  const refuses = (answer: Answer, what: string): void => {
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'InvalidURI'], `${what}: ${answer.body}`);
    assert.match(messageOf(answer), /^The key has .*literal_keys: true/, what);
    assert.deepEqual([engine.questions.length, seen.length], [0, 0], what);
    assert.equal(gateway.log.at(-1)!.error_type, 'invalid_key', what);
  };

  for (const [way, use] of Object.entries(ways)) {
    it(`that stores do not agree on is refused from ${way}, before any query or request`, async () => {
      for (const raw of REFUSED) refuses(await use('uploads', raw), raw);
    });

    it(`is the same for the policy engine and for the store, from ${way}`, async () => {
      for (const [raw, key] of TAKEN) {
        seen = [];
        engine.questions.length = 0;
        const answer = await use('uploads', raw);
        assert.equal(answer.status < 300, true, answer.body);
        assert.equal(engine.questions[0]!.body.input.resource.key, key);
        const path = seen[0]!.target.replace(/\?.*/, '');
        assert.equal(decodeURIComponent(path.slice('/at-store/'.length)), key);
      }
    });

    it(`is accepted unchanged from ${way} where literal_keys is true`, async () => {
      for (const raw of ['inbox/../x', 'inbox//x', '/inbox/x', './inbox/x', 'inbox/.sgwtmp/x', 'inbox__XLDIR__']) {
        seen = [];
        engine.questions.length = 0;
        const answer = await use('literal', raw);
        assert.equal(answer.status < 300, true, answer.body);
        assert.equal(engine.questions[0]!.body.input.resource.key, raw);
        assert.equal(seen[0]!.target.replace(/\?.*/, ''), `/at-store/${raw}`);
      }
      const climbing = await use('literal', 'inbox/../../x');
      assert.deepEqual([climbing.status, codeOf(climbing)], [400, 'InvalidURI']);
    });
  }

  it('is judged after the name of the file was put into it', async () => {
    for (const [key, fileName] of [
      [`inbox/\${filename}`, '..'],
      [`inbox/\${filename}`, '.'],
      [`inbox/\${filename}/secret`, '..'],
      [`inbox/\${filename}/x`, ''],
      [`inbox/.\${filename}/x`, '.'],
      [`\${filename}/inbox`, ''],
      [`inbox/\${filename}`, 'a/..'],
      [`inbox/\${filename}`, 'C:\\dir\\..'],
      [`inbox/.\${filename}`, 'sgwtmp'],
      [`inbox/\${filename}`, 'a__XLDIR__'],
    ] as const)
      refuses(await client.post('uploads', key, fileName), `${key} with ${fileName}`);
    assert.equal((await client.post('uploads', `inbox/\${filename}`, '../../b.txt')).status, 204);
    assert.equal(engine.questions[0]!.body.input.resource.key, 'inbox/b.txt');
    assert.equal(seen[0]!.target, '/at-store/inbox/b.txt');
  });

  for (const [method, query] of [
    ['PUT', {}],
    ['POST', { uploads: '' }],
    ['PUT', { partNumber: '1', uploadId: 'u' }],
    ['POST', { uploadId: 'u' }],
    ['DELETE', { uploadId: 'u' }],
    ['GET', { uploadId: 'u' }],
    ['HEAD', {}],
    ['OPTIONS', {}],
  ] as const) {
    it(`is refused to ${method} ${JSON.stringify(query)} too`, async () => {
      const headers: Record<string, string> =
        method === 'OPTIONS' ? { origin: APP, 'access-control-request-method': 'PUT' } : {};
      const answer = await client.signed({ method, path: '/uploads/inbox/../x', query, headers });
      assert.equal(answer.status, 400);
      assert.equal(gateway.log.at(-1)!.error_type, 'invalid_key');
      assert.deepEqual([engine.questions.length, seen.length], [0, 0]);
    });
  }

  it('that is refused shows a script why', async () => {
    const answer = await send(gateway.url, 'PUT', '/uploads/a//b', 'x', { origin: APP });
    assert.equal(answer.headers['access-control-allow-origin'], APP);
    refuses(answer, 'a//b');
  });
});
