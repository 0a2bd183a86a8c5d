/**
 * Through the running server: what a request costs follows its bytes, wherever in it they are, and nothing that is expanded on the
 * way becomes larger than its limit. The parsers alone are in test/unit/linear-time/.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FIXED_LIMITS } from '../../src/domain/fixed-limits.ts';
import { HOSTILE_REQUESTS, type Hostile, requestOf, TARGETS } from '../fuzz/hostile-requests.ts';
import { FakeEngine } from '../support/fake-engine.ts';
import { BOUNDARY, END, field, filePart } from '../support/forms.ts';
import { cost, growth, repeated } from '../support/growth.ts';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KIB = 1024;
/** Longest text of one request: with all around it, it is still a head of less than 1 MiB. */
const LONGEST = 960 * KIB;
const VARIABLE = `\${filename}`;
const FORM = `content-type: multipart/form-data; boundary=${BOUNDARY}`;

let store: RawStore;
let engine: FakeEngine;
let collector: OtlpReceiver;
let gateway: TestGateway;

before(async () => {
  store = await RawStore.start();
  engine = await FakeEngine.start();
  collector = await receiveHttp();
  const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
  const auth = { sigv4: { credentials: [{ access_key: 'DEV', secret_key: 'devsecretdevsecret', subject: 'dev' }] } };
  const cors = { allowed_origins: ['https://*.example.com'] };
  gateway = await startGateway({
    storeUrl: store.url,
    server: { max_header_size: '1MiB', trusted_proxies: ['127.0.0.0/8'] },
    buckets: [
      { name: 'open', s3 },
      { name: 'closed', s3, auth, cors },
      { name: 'asked', s3, authz: { opa: { url: engine.url, policy_path: 'mizuchi/allow' } } },
    ],
    tracing: {
      enabled: true,
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      sampling: { strategy: 'always' },
      propagators: ['tracecontext', 'baggage', 'b3', 'b3multi', 'xray'],
    },
  });
});
after(async () => {
  await gateway.close();
  await collector.close();
  await engine.close();
  await store.close();
});

/** @returns all that came, when the server has closed the connection. */
async function exchange(request: string): Promise<string> {
  const client = await RawClient.connect(gateway.url);
  client.write(Buffer.from(request, 'latin1'));
  return client.closed();
}

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const elementOf = (answer: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer)?.[1];

async function check({ request }: Hostile, piece: string): Promise<void> {
  const runOf = (length: number) => {
    const text = request(repeated(piece, length));
    return () => exchange(text);
  };
  for (const length of [LONGEST / 16, LONGEST]) {
    const { complaint } = await growth(runOf, length);
    assert.equal(complaint, undefined, `${JSON.stringify(piece)}, up to ${length} bytes`);
  }
}

describe('the cost of a request grows with its size, and not with the square, for', () => {
  for (const hostile of HOSTILE_REQUESTS) {
    it(hostile.what, async () => {
      for (const piece of hostile.pieces) await check(hostile, piece);
    });
  }

  // What is shown of a path is cut by a regular expression that takes quadratic time for what looks like many `?`.
  for (const hostile of TARGETS) {
    it(hostile.what, async () => {
      for (const piece of hostile.pieces) await check(hostile, piece);
    });
  }

  it('all of them together: none was a failure of the gateway', () => {
    const failed = gateway.log.filter(({ error_type }) => error_type === 'internal_error');
    assert.deepEqual(failed, []);
  });
});

/** Times as much as a harmless request of the same size. */
const MOST_FACTOR = 20;

async function compareWithHarmless(hostile: string, harmless: string): Promise<void> {
  assert.equal(hostile.length, harmless.length);
  const reference = Math.max(await cost(() => exchange(harmless)), await cost(() => exchange(harmless)));
  let most = await cost(() => exchange(hostile));
  for (let round = 0; round < 3 && most > MOST_FACTOR * reference; round++)
    most = Math.min(most, await cost(() => exchange(hostile)));
  assert.ok(most <= MOST_FACTOR * reference, `${(most / reference).toFixed(1)} times as much as a harmless one`);
}

describe('what froze it once costs what harmless requests of its size cost:', () => {
  it('a target of encoded question marks', async () => {
    const times = 5_100;
    const [hostile, harmless] = ['%3f', 'abc'].map((piece) => requestOf('GET', `/nosuch/${piece.repeat(times)}`, []));
    await compareWithHarmless(hostile!, harmless!);
  });

  it('a header of spaces in a signed request', async () => {
    const [hostile, harmless] = [' ', 'a'].map((piece) =>
      HOSTILE_REQUESTS.find(({ what }) => what === 'a signed header')!.request(piece.repeat(15_000)),
    );
    await compareWithHarmless(hostile!, harmless!);
  });

  for (const bucket of ['open', 'closed']) {
    it(`a form for /${bucket} that repeats its file's name many times, a name of spaces`, async () => {
      const formWith = (variable: string): string =>
        requestOf(
          'POST',
          `/${bucket}`,
          [FORM],
          field('key', 'k') +
            field('x-amz-meta-a', `a${variable.repeat(850)}b`) +
            filePart('hello', ' '.repeat(9_000)) +
            END,
        );
      await compareWithHarmless(formWith(VARIABLE), formWith('x'.repeat(VARIABLE.length)));
    });
  }
});

const post = (body: string): Promise<string> => exchange(requestOf('POST', '/open', [FORM], body));

describe('nothing becomes larger than its limit:', () => {
  it('the name of a file', async () => {
    const most = FIXED_LIMITS.file_name_bytes;
    const formOf = (name: string): string => field('key', 'k') + filePart('hello', name) + END;
    assert.equal(statusOf(await post(formOf('n'.repeat(most)))), 204);
    const refused = await post(formOf('n'.repeat(most + 1)));
    assert.equal(statusOf(refused), 400);
    assert.equal(elementOf(refused, 'Code'), 'KeyTooLongError');
    assert.equal(statusOf(await post(formOf(`C:\\${'d'.repeat(most)}\\n.txt`))), 204, 'without its directories');
  });

  it('the fields of a form when the name of the file has been put into them', async () => {
    const name = 'n'.repeat(1_000);
    const formOf = (value: string): string =>
      field('key', 'k') + field('x-ignore-a', value) + filePart('hello', name) + END;
    const most = FIXED_LIMITS.form_fields_bytes - 'k'.length;
    assert.equal(statusOf(await post(formOf(VARIABLE.repeat(20) + 'x'.repeat(most - 20_000)))), 204);
    const refused = await post(formOf(VARIABLE.repeat(20) + 'x'.repeat(most - 20_000 + 1)));
    assert.equal(statusOf(refused), 400);
    assert.equal(elementOf(refused, 'Code'), 'MaxPostPreDataLengthExceeded');
    assert.match(elementOf(refused, 'Message') ?? '', /after \$\{filename\} is replaced/);
  });

  it('user metadata: of headers, of a presigned query, and of a form', async () => {
    const most = FIXED_LIMITS.user_metadata_bytes;
    const put = (value: string): Promise<string> =>
      exchange(requestOf('PUT', '/open/k', [`x-amz-meta-a: ${value}`, 'x-amz-meta-b: c'], 'hello'));
    const presigned = (value: string): Promise<string> =>
      exchange(requestOf('PUT', `/open/k?X-Amz-Signature=0&x-amz-meta-a=${value}&x-amz-meta-b=c`, [], 'hello'));
    const formOf = (value: string): Promise<string> =>
      post(field('key', 'k') + field('x-amz-meta-a', value) + field('x-amz-meta-b', 'c') + filePart('hello') + END);
    const taken = 'abc'.length; // both names and the other value
    for (const [way, status] of [
      [put, 200],
      [presigned, 200],
      [formOf, 204],
    ] as const) {
      assert.equal(statusOf(await way('v'.repeat(most - taken))), status);
      const refused = await way('v'.repeat(most - taken + 1));
      assert.equal(statusOf(refused), 400);
      assert.equal(elementOf(refused, 'Code'), 'MetadataTooLarge');
      assert.equal(elementOf(refused, 'Size'), String(most + 1));
      assert.equal(elementOf(refused, 'MaxSizeAllowed'), String(most));
    }
    const create = await send(gateway.url, 'POST', '/open/k?uploads', '', { 'x-amz-meta-a': 'v'.repeat(most) });
    assert.equal(create.status, 400);
  });

  it('a query to a policy engine: it is not sent, and denies', async () => {
    const put = (type: string): Promise<string> =>
      exchange(requestOf('PUT', '/asked/k', [`content-type: ${type}`], 'hello'));
    await put('a'.repeat(60 * KIB));
    const asked = engine.questions.length;
    assert.equal(asked, 1, 'one that is not too large is sent');
    for (const type of ['a'.repeat(70 * KIB), '"'.repeat(40 * KIB), 'a'.repeat(900 * KIB)]) {
      const denied = await put(type);
      assert.equal(statusOf(denied), 403);
      assert.equal(elementOf(denied, 'Code'), 'AccessDenied');
    }
    assert.equal(engine.questions.length, asked);
  });

  it('an element of an error document', async () => {
    const refused = await exchange(
      HOSTILE_REQUESTS.find(({ what }) => what === 'a signed header')!.request('a'.repeat(LONGEST)),
    );
    assert.equal(elementOf(refused, 'Code'), 'SignatureDoesNotMatch');
    assert.equal(elementOf(refused, 'CanonicalRequest')?.length, FIXED_LIMITS.error_element_characters);
  });

  it('and the limits are in the metrics', async () => {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    for (const [name, value] of Object.entries(FIXED_LIMITS))
      assert.ok(body.includes(`mizuchi_limit{setting="fixed.${name}"} ${value}\n`), name);
  });
});
