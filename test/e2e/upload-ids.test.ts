/** Sealed upload ids at the running gateway: whose they are not never reaches the store, and the store's own never the client. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { signed, type ToSign } from '../support/aws-signer.ts';
import { type Answer, send } from '../support/http-client.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const STORE_ID = 'VXBsb2FkSUQ.store/id+of_this==';
const DOCUMENT =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
const uploadIdIn = ({ body }: Answer): string => /<UploadId>([^<]+)<\/UploadId>/.exec(body)![1]!;
const created = (id: string): string =>
  `<InitiateMultipartUploadResult><Bucket>my-bucket</Bucket><Key>k</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;

/** What can be asked of an upload: method, query beside the id, body. */
const OPERATIONS: readonly (readonly [name: string, method: string, query: Record<string, string>, body?: string])[] = [
  ['UploadPart', 'PUT', { partNumber: '1' }, 'hello'],
  ['CompleteMultipartUpload', 'POST', {}, DOCUMENT],
  ['AbortMultipartUpload', 'DELETE', {}],
  ['ListParts', 'GET', {}],
];
const targetOf = (path: string, query: Record<string, string>, uploadId: string): string =>
  `${path}?${new URLSearchParams({ ...query, uploadId })}`;

describe('an upload id', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
    gateway = await startGateway({ storeUrl: store.url, buckets: ['uploads', 'others'].map((name) => ({ name, s3 })) });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
    store.requests.length = 0;
    gateway.log.length = 0;
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const create = async (path = '/uploads/k', { url } = gateway): Promise<string> => {
    store.behaviour = answering(200, created(STORE_ID));
    const uploadId = uploadIdIn(await send(url, 'POST', `${path}?uploads`, ''));
    store.requests.length = 0;
    store.behaviour = answerWell;
    return uploadId;
  };

  const turned = (id: string, at: number): string => {
    const bytes = Buffer.from(id, 'base64url');
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    return bytes.toString('base64url');
  };
  const FORGED: readonly (readonly [what: string, forge: () => Promise<string>])[] = [
    ['the id of the store', async () => STORE_ID],
    ['a word', async () => 'u'],
    ['an id with one bit of its owner turned', async () => turned(await create(), 30)],
    ['an id with one bit of its store id turned', async () => turned(await create(), 45)],
    ['an id with one bit of its seal turned', async () => turned(await create(), -1)],
    ['an id cut short', async () => (await create()).slice(0, -1)],
    ['an id with padding', async () => `${await create()}=`],
    ['the id of another key', () => create('/uploads/other')],
    ['the id of another bucket', () => create('/others/k')],
    ['the id of another spelling of the key', () => create('/uploads/k%2F')],
    ['a very long id', async () => 'A'.repeat(8000)],
    ['an id that is not ASCII', async () => 'größe-💥'],
  ];
  for (const [what, forge] of FORGED) {
    it(`that is ${what} names no upload, and the store receives nothing`, async () => {
      const uploadId = await forge();
      const answers = new Set<string>();
      for (const [name, method, query, body] of OPERATIONS) {
        const answer = await send(gateway.url, method, targetOf('/uploads/k', query, uploadId), body);
        assert.deepEqual([answer.status, codeOf(answer)], [404, 'NoSuchUpload'], name);
        answers.add(/<Message>([^<]*)/.exec(answer.body)![1]!);
        const line = gateway.log.findLast(({ message }) => message === 'request')!;
        assert.deepEqual([line.error_type, line.error_reason], ['no_such_upload', 'upload_id_forged']);
        assert.doesNotMatch(answer.body, /forged/);
      }
      assert.deepEqual(
        [...answers],
        ['The upload does not exist: its id is not valid, or it was completed or aborted.'],
      );
      assert.equal(store.requests.length, 0);
    });
  }

  it('that another secret sealed names no upload', async (t) => {
    const options = { storeUrl: store.url, server: { upload_id_secret: 'another-secret-of-at-least-32-bytes' } };
    const other = await startGateway(options);
    t.after(() => other.close());
    for (const [from, to] of [
      [gateway, other],
      [other, gateway],
    ] as const) {
      const uploadId = await create('/uploads/k', from);
      store.behaviour = answering(200, '<ListPartsResult/>');
      assert.equal((await send(from.url, 'GET', targetOf('/uploads/k', {}, uploadId))).status, 200);
      store.requests.length = 0;
      assert.equal((await send(to.url, 'GET', targetOf('/uploads/k', {}, uploadId))).status, 404);
      assert.equal(store.requests.length, 0);
    }
  });

  it('is the store’s own at the store, and in no response to the client', async () => {
    const uploadId = await create();
    assert.match(uploadId, /^[A-Za-z0-9_-]+$/);
    const documents: Record<string, string> = {
      CompleteMultipartUpload: `<CompleteMultipartUploadResult><Location>http://s/k?uploadId=${STORE_ID}</Location><ETag>"e"</ETag></CompleteMultipartUploadResult>`,
      ListParts: `<ListPartsResult><Bucket>my-bucket</Bucket><UploadId>${STORE_ID}</UploadId></ListPartsResult>`,
    };
    for (const [name, method, query, body] of OPERATIONS) {
      store.behaviour = answering(200, documents[name] ?? '', { 'x-amz-upload-id': STORE_ID, etag: '"e"' });
      const answer = await send(gateway.url, method, targetOf('/uploads/k', query, uploadId), body);
      assert.equal(answer.status, 200, name);
      assert.ok(!JSON.stringify(answer).includes(STORE_ID), name);
      if (name === 'ListParts') assert.equal(uploadIdIn(answer), uploadId);
      const { searchParams } = new URL(store.requests.at(-1)!.target, 'http://s');
      assert.deepEqual(Object.fromEntries(searchParams), { ...query, uploadId: STORE_ID });
    }
  });

  it('is in no error that the client gets, wherever it is in the store’s message', async () => {
    const uploadId = await create();
    const quotes = [STORE_ID, encodeURIComponent(STORE_ID)];
    for (const status of [404, 500, 200]) {
      for (const quote of quotes) {
        for (const [name, method, query, body] of OPERATIONS) {
          const message = `The upload &quot;${quote}&quot; (${quote}) is gone`;
          const error = `<Error><Code>NoSuchUpload</Code><Message>${message}</Message><UploadId>${quote}</UploadId></Error>`;
          store.behaviour = answering(status, error, { 'x-amz-request-id': 'STORE0001' });
          const answer = await send(gateway.url, method, targetOf('/uploads/k', query, uploadId), body);
          assert.equal(codeOf(answer), 'NoSuchUpload', name);
          assert.ok(answer.body.includes('The upload does not exist'), answer.body);
          assert.ok(!answer.body.includes(quote));
        }
      }
    }
  });

  it('may be anything visible at the store, even what XML and URLs must escape', async () => {
    const odd = `a&b<c>"d'e%2F+/=?#`;
    store.behaviour = answering(200, created('a&amp;b&lt;c&gt;&quot;d&#39;e%2F+/=?#'));
    const uploadId = uploadIdIn(await send(gateway.url, 'POST', '/uploads/k?uploads', ''));
    store.behaviour = answerWell;
    await send(gateway.url, 'PUT', targetOf('/uploads/k', { partNumber: '1' }, uploadId), 'hello');
    const { searchParams } = new URL(store.requests.at(-1)!.target, 'http://s');
    assert.equal(searchParams.get('uploadId'), odd);
  });

  for (const [what, document] of [
    ['longer than S3 can mean it', created('x'.repeat(711))],
    ['empty', created('')],
    ['with a blank in it', created('a b')],
    ['missing', '<InitiateMultipartUploadResult/>'],
  ] as const) {
    it(`of the store that is ${what} is not a response of a store`, async () => {
      store.behaviour = answering(200, document);
      const answer = await send(gateway.url, 'POST', '/uploads/k?uploads', '');
      assert.deepEqual([answer.status, codeOf(answer)], [502, 'BadGateway']);
      assert.ok(!answer.body.includes('<UploadId>'));
    });
  }

  it('may have 710 characters at the store', async () => {
    store.behaviour = answering(200, created('x'.repeat(710)));
    const uploadId = uploadIdIn(await send(gateway.url, 'POST', '/uploads/k?uploads', ''));
    store.behaviour = answerWell;
    const answer = await send(gateway.url, 'PUT', targetOf('/uploads/k', { partNumber: '1' }, uploadId), 'hello');
    assert.equal(answer.status, 200);
    assert.ok(store.requests.at(-1)!.target.includes('x'.repeat(710)));
  });
});

const SECRET = 'the secret of the tokens, of 32 bytes or more';
const KEYS = [
  { access_key: 'AKALICE1', secret_key: 'a-first-secret-of-alice', subject: 'alice' },
  { access_key: 'AKALICE2', secret_key: 'a-second-secret-of-alice', subject: 'alice' },
  { access_key: 'AKBOB', secret_key: 'another-secret-of-bob', subject: 'bob' },
] as const;

describe('the upload id of a caller', () => {
  let store: RawStore;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    const sigv4 = { credentials: KEYS };
    gateway = await startGateway({
      storeUrl: store.url,
      auth: { jwt: { algorithms: ['HS256'], secret: SECRET, issuer: 'idp', audience: 'uploads' }, sigv4 },
    });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  type Caller = (method: string, query: Record<string, string>, body?: string) => Promise<Answer>;
  const signing =
    ({ access_key, secret_key }: (typeof KEYS)[number]): Caller =>
    async (method, query, body = '') => {
      const request: ToSign = {
        url: gateway.url,
        path: '/uploads/k',
        method,
        query,
        body,
        accessKey: access_key,
        secretKey: secret_key,
      };
      const { target, headers } = await signed(request);
      return send(gateway.url, method, target, body, headers);
    };
  const bearing =
    (sub: string): Caller =>
    async (method, query, body) => {
      const claims = new SignJWT({ iss: 'idp', aud: 'uploads', sub }).setExpirationTime('1h');
      const token = await claims.setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
      const target = `/uploads/k?${new URLSearchParams(query)}`;
      return send(gateway.url, method, target, body, { authorization: `Bearer ${token}` });
    };
  const [aliceSigning, aliceElsewhere, bobSigning] = KEYS.map(signing) as [Caller, Caller, Caller];

  const create = async (who: Caller): Promise<string> => {
    store.behaviour = answering(200, created(STORE_ID));
    const uploadId = uploadIdIn(await who('POST', { uploads: '' }));
    store.requests.length = 0;
    return uploadId;
  };

  for (const [what, owner, others] of [
    ['a key', aliceSigning, [bobSigning, bearing('bob'), bearing('AKALICE1')]],
    ['a token', bearing('alice'), [bobSigning, bearing('bob'), bearing('Alice')]],
  ] as const) {
    it(`who came with ${what} is not an upload of any other caller`, async () => {
      const uploadId = await create(owner);
      for (const other of others) {
        for (const [name, method, query, body] of OPERATIONS) {
          const answer = await other(method, { ...query, uploadId }, body);
          assert.deepEqual([answer.status, codeOf(answer)], [404, 'NoSuchUpload'], name);
          assert.doesNotMatch(answer.body, /other|alice|subject/i);
          const line = gateway.log.findLast(({ message }) => message === 'request');
          assert.equal(line?.error_reason, 'upload_id_of_other_subject');
        }
      }
      assert.equal(store.requests.length, 0);
    });

    it(`who came with ${what} is theirs with every credential of theirs`, async () => {
      const uploadId = await create(owner);
      const documents: Record<string, string> = {
        CompleteMultipartUpload: '<CompleteMultipartUploadResult/>',
        ListParts: '<ListPartsResult/>',
      };
      for (const credential of [aliceSigning, aliceElsewhere, bearing('alice')]) {
        for (const [name, method, query, body] of OPERATIONS) {
          store.behaviour = answering(200, documents[name] ?? '');
          assert.equal((await credential(method, { ...query, uploadId }, body)).status, 200, name);
        }
      }
      assert.equal(store.requests.length, 12);
    });
  }

  it('discloses nothing to an unauthenticated client', async () => {
    const uploadId = await create(aliceSigning);
    for (const [name, method, query, body] of OPERATIONS) {
      const answer = await send(gateway.url, method, targetOf('/uploads/k', query, uploadId), body);
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'AccessDenied'], name);
    }
    assert.equal(store.requests.length, 0);
  });
});
