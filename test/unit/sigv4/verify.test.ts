import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { receivedHeaders } from '../../../src/domain/received-headers.ts';
import { percentEncodePath } from '../../../src/kit/percent.ts';
import { REFUSALS } from '../../../src/sigv4/refusals.ts';
import { SignerCache } from '../../../src/sigv4/signer-cache.ts';
import { SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { type RequestToVerify, type Verdict, verifyRequest } from '../../../src/sigv4/verify.ts';
import { SmithySha256 } from '../../support/smithy-sha256.ts';

const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const EMPTY = createHash('sha256').digest('hex');
const NOW = Date.parse('2026-03-01T12:00:00Z');

/** With the names and values of its headers in turn, duplicates included. */
type RawRequest = Omit<RequestToVerify, 'received'> & { readonly rawHeaders: readonly string[] };

const received = ({ rawHeaders, ...request }: RawRequest): RequestToVerify => ({
  ...request,
  received: receivedHeaders(rawHeaders),
});

interface Signed {
  method?: string;
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  payloadHash?: string;
  sessionToken?: string;
  accessKey?: string;
  service?: string;
}

const signerFor = ({ sessionToken, accessKey = ACCESS_KEY, service = 's3' }: Signed) =>
  new SignatureV4({
    service,
    region: 'eu-central-1',
    credentials: { accessKeyId: accessKey, secretAccessKey: SECRET_KEY, ...(sessionToken && { sessionToken }) },
    sha256: SmithySha256,
    uriEscapePath: false,
  });

const smithyRequest = (signed: Signed, headers: Record<string, string>) => ({
  method: signed.method ?? 'PUT',
  protocol: 'http:',
  hostname: 'store',
  path: `/bucket/${percentEncodePath(signed.key ?? 'key')}`,
  query: signed.query ?? {},
  headers: { host: 'store', ...headers, ...signed.headers },
});

/** Signed in its headers by the AWS SDK's signer. */
async function inHeaders(signed: Signed = {}): Promise<RawRequest> {
  const hash = { 'x-amz-content-sha256': signed.payloadHash ?? EMPTY };
  const request = await signerFor(signed).sign(smithyRequest(signed, hash), { signingDate: new Date(NOW) });
  const { method, path } = request;
  const query = Object.entries(request.query as Record<string, string>);
  return { method, path, query, rawHeaders: Object.entries(request.headers).flat() };
}

/** Presigned by the AWS SDK's signer. */
async function inQuery(signed: Signed = {}, expiresIn = 60): Promise<RawRequest> {
  const unhoistableHeaders = new Set(Object.keys(signed.headers ?? {}));
  const options = { signingDate: new Date(NOW), expiresIn, unhoistableHeaders };
  const hash = { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' };
  const request = await signerFor(signed).presign(smithyRequest(signed, hash), options);
  const { method, path } = request;
  const query = Object.entries(request.query as Record<string, string>);
  return { method, path, query, rawHeaders: ['Host', 'store', ...Object.entries(signed.headers ?? {}).flat()] };
}

const keys = new SigningKeys(SECRET_KEY);
const known = (sessionToken?: string) => (accessKey: string) =>
  accessKey === ACCESS_KEY ? { keys, sessionToken } : undefined;
const signers = new SignerCache();

/** The verdict must be the same whether the signer is known or not. */
function verify(raw: RawRequest, now = NOW, sessionToken?: string): Verdict {
  const request = received(raw);
  const verdict = verifyRequest(request, known(sessionToken), now);
  const withSigners = verifyRequest(request, known(sessionToken), now, signers);
  assert.equal(JSON.stringify(withSigners), JSON.stringify(verdict));
  return verdict;
}

const reasonOf = (request: RawRequest, now = NOW, sessionToken?: string): string => {
  const verdict = verify(request, now, sessionToken);
  return verdict.accepted ? 'accepted' : verdict.reason;
};
const withHeader = (request: RawRequest, name: string, value: string): RawRequest => ({
  ...request,
  rawHeaders: [...request.rawHeaders, name, value],
});
const changingHeader = (request: RawRequest, name: string, change: (value: string) => string): RawRequest => ({
  ...request,
  rawHeaders: request.rawHeaders.map((text, i) =>
    i % 2 === 1 && request.rawHeaders[i - 1] === name ? change(text) : text,
  ),
});
const withoutHeader = (request: RawRequest, name: string): RawRequest => ({
  ...request,
  rawHeaders: request.rawHeaders.filter((_, i) => request.rawHeaders[i - (i % 2)] !== name),
});
const changingQuery = (request: RawRequest, name: string, value: string | undefined): RawRequest => ({
  ...request,
  query: request.query.flatMap(([one, old]) =>
    one !== name ? [[one, old]] : value === undefined ? [] : [[one, value]],
  ),
});

describe('verifying a signed request', () => {
  const at2013 = Date.parse('2013-05-24T00:00:00Z');

  it("accepts AWS's examples", () => {
    const credential = `${ACCESS_KEY}/20130524/us-east-1/s3/aws4_request`;
    const host = ['Host', 'examplebucket.s3.amazonaws.com'];
    const inHeader: RawRequest = {
      method: 'GET',
      path: '/test.txt',
      query: [],
      rawHeaders: [
        ...host,
        ...['Range', 'bytes=0-9', 'x-amz-content-sha256', EMPTY, 'x-amz-date', '20130524T000000Z', 'Authorization'],
        `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
      ],
    };
    assert.equal(reasonOf(inHeader, at2013), 'accepted');
    const presigned: RawRequest = {
      method: 'GET',
      path: '/test.txt',
      query: [
        ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
        ['X-Amz-Credential', credential],
        ['X-Amz-Date', '20130524T000000Z'],
        ['X-Amz-Expires', '86400'],
        ['X-Amz-SignedHeaders', 'host'],
        ['X-Amz-Signature', 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'],
      ],
      rawHeaders: host,
    };
    assert.equal(reasonOf(presigned, at2013), 'accepted');
    assert.equal(reasonOf(presigned, at2013 + 86_400_000), 'accepted');
    assert.equal(reasonOf(presigned, at2013 + 86_400_001), 'expired');
  });

  const GOOD: [string, Signed][] = [
    ['a plain request', {}],
    ['an odd key', { key: 'sp ace+plus%41 ünï&=?#;é/../a//b/./c' }],
    ['parameters', { query: { uploadId: 'a+b/c=', partNumber: '1', 'x id': '', B: 'ü' } }],
    ['headers to sign', { headers: { 'content-type': 'text/plain', 'x-amz-meta-a': '  b   c ' } }],
    ['a streaming body', { payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }],
  ];
  for (const [what, signed] of GOOD) {
    it(`accepts ${what}, in headers and presigned URLs`, async () => {
      const verdict = verify(await inHeaders(signed));
      assert.ok(verdict.accepted);
      assert.equal(verdict.form, 'header');
      assert.equal(verdict.accessKey, ACCESS_KEY);
      assert.equal(verdict.payloadHash, signed.payloadHash ?? EMPTY);
      assert.deepEqual(verdict.scope, { day: '20260301', region: 'eu-central-1', service: 's3' });
      assert.equal(verdict.date, '20260301T120000Z');
      assert.match(verdict.signature, /^[0-9a-f]{64}$/);
      const presigned = verify(await inQuery(signed));
      assert.ok(presigned.accepted, JSON.stringify(presigned));
      assert.equal(presigned.form, 'query');
      assert.equal(presigned.payloadHash, 'UNSIGNED-PAYLOAD');
    });
  }

  it('accepts added headers without effect in S3', async () => {
    for (const request of [await inHeaders(), await inQuery()]) {
      assert.equal(reasonOf(withHeader(request, 'traceparent', '00-…')), 'accepted');
    }
  });

  it('requires the token of temporary credentials, and no other token', async () => {
    for (const form of [inHeaders, inQuery]) {
      const request = await form({ sessionToken: 'the token' });
      assert.equal(reasonOf(request, NOW, 'the token'), 'accepted');
      assert.equal(reasonOf(request, NOW, 'another'), 'invalid_token');
      assert.equal(reasonOf(request), 'invalid_token');
      assert.equal(reasonOf(await form(), NOW, 'the token'), 'invalid_token');
    }
  });

  it('leaves a token that is not known in advance to the caller', async () => {
    for (const form of [inHeaders, inQuery]) {
      const request = await form({ sessionToken: 'a token' });
      const judgedBy = (acceptsToken: (token: string | undefined) => boolean) =>
        verifyRequest(received(request), () => ({ keys, sessionToken: 'ignored', acceptsToken }), NOW);
      const verdict = judgedBy((token) => token === 'a token');
      assert.ok(verdict.accepted);
      assert.equal(verdict.sessionToken, 'a token');
      const refused = judgedBy(() => false);
      assert.ok(!refused.accepted);
      assert.equal(refused.reason, 'invalid_token');
    }
    const none = verify(await inHeaders());
    assert.ok(none.accepted);
    assert.equal(none.sessionToken, undefined);
  });

  it('verifies chunks only if x-amz-content-sha256 is for signed chunks', async () => {
    for (const payloadHash of [
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
      'UNSIGNED-PAYLOAD',
      EMPTY,
    ]) {
      const verdict = verify(await inHeaders({ payloadHash }));
      assert.ok(verdict.accepted);
      assert.equal(verdict.chunks !== undefined, payloadHash.includes('-HMAC-'), payloadHash);
    }
  });

  it('returns the expected canonical request if the signature is wrong', async () => {
    const verdict = verify({ ...(await inHeaders()), path: '/bucket/other' });
    assert.ok(!verdict.accepted);
    assert.match(verdict.canonicalRequest ?? '', /^PUT\n\/bucket\/other\n\nhost:store\n/);
    const hash = createHash('sha256')
      .update(verdict.canonicalRequest ?? '')
      .digest('hex');
    const scope = '20260301/eu-central-1/s3/aws4_request';
    assert.equal(verdict.stringToSign, `AWS4-HMAC-SHA256\n20260301T120000Z\n${scope}\n${hash}`);
  });

  it('rejects any change', async () => {
    for (const form of [inHeaders, inQuery]) {
      const request = await form({ headers: { 'x-amz-meta-a': 'b' }, query: { partNumber: '1' } });
      const changes: RawRequest[] = [
        { ...request, method: 'GET' },
        { ...request, path: '/bucket/other' },
        { ...request, path: '/bucket/./key' },
        changingQuery(request, 'partNumber', '2'),
        changingQuery(request, 'partNumber', undefined),
        { ...request, query: [...request.query, ['acl', '']] },
        { ...request, query: [...request.query, ['partNumber', '1']] },
        changingHeader(request, 'x-amz-meta-a', () => 'c'),
        withHeader(request, 'x-amz-meta-a', 'c'),
      ];
      for (const [i, changed] of changes.entries())
        assert.equal(reasonOf(changed), 'wrong_signature', `${form.name} ${i}`);
      assert.equal(reasonOf(withHeader(request, 'X-Amz-Acl', 'private')), 'unsigned_header');
    }
  });

  it('rejects unsigned requests and unknown access keys', async () => {
    assert.equal(reasonOf({ method: 'GET', path: '/b/k', query: [], rawHeaders: ['host', 'store'] }), 'anonymous');
    assert.equal(reasonOf(await inHeaders({ accessKey: 'nobody' })), 'unknown_access_key');
    assert.equal(reasonOf(await inQuery({ accessKey: 'nobody' })), 'unknown_access_key');
  });

  it('limits the clock skew', async () => {
    const request = await inHeaders();
    const quarter = 15 * 60_000;
    assert.equal(reasonOf(request, NOW + quarter), 'accepted');
    assert.equal(reasonOf(request, NOW - quarter), 'accepted');
    assert.equal(reasonOf(request, NOW + quarter + 1), 'skewed');
    assert.equal(reasonOf(request, NOW - quarter - 1), 'skewed');
    const presigned = await inQuery({}, 60);
    assert.equal(reasonOf(presigned, NOW + 60_000), 'accepted');
    assert.equal(reasonOf(presigned, NOW + 60_001), 'expired');
    assert.equal(reasonOf(presigned, NOW - quarter - 1), 'not_yet_valid');
  });

  it('rejects malformed and duplicate Authorization headers', async () => {
    const request = await inHeaders();
    const changes: [string, (value: string) => string][] = [
      ['another scheme', () => 'Bearer abc'],
      ['another algorithm', (value) => value.replace('HMAC', 'ECDSA')],
      ['nothing', () => ''],
      ['no signature', (value) => value.replace(/, Signature=.*/, '')],
      ['a short signature', (value) => value.slice(0, -1)],
      ['upper-case hex', (value) => value.replace(/[0-9a-f]+$/, (hex) => hex.toUpperCase())],
      ['a field twice', (value) => `${value}, Signature=${'0'.repeat(64)}`],
      ['an unknown field', (value) => `${value}, More=1`],
      ['another service', (value) => value.replace('/s3/', '/sts/')],
      ['another terminator', (value) => value.replace('aws4_request', 'aws5_request')],
      ['no region', (value) => value.replace('/eu-central-1/', '/')],
      ['a region that is none', (value) => value.replace('/eu-central-1/', '/eu\u00a0central/')],
      ['a long region', (value) => value.replace('/eu-central-1/', `/${'r'.repeat(65)}/`)],
      ['another day', (value) => value.replace('/20260301/', '/20260302/')],
      ['half a day', (value) => value.replace('/20260301/', '/2026/')],
      ['no day', (value) => value.replace('/20260301/', '//')],
      ['headers out of order', (value) => value.replace('host;x-amz-content-sha256', 'x-amz-content-sha256;host')],
      ['a header twice', (value) => value.replace('=host;', '=host;host;')],
      ['an empty header', (value) => value.replace('=host;', '=;host;')],
      ['an upper-case header', (value) => value.replace('=host;', '=Host;')],
    ];
    for (const [what, change] of changes) {
      assert.equal(reasonOf(changingHeader(request, 'authorization', change)), 'malformed_header', what);
    }
    const unsignedHost = changingHeader(request, 'authorization', (value) => value.replace('=host;', '='));
    assert.equal(reasonOf(unsignedHost), 'unsigned_header');
  });

  it('accepts header names that are special in JavaScript', async () => {
    const signed = (value: string, name: string): string =>
      value.replace(
        /SignedHeaders=[^,]+/,
        (list) => `SignedHeaders=${[...list.slice(14).split(';'), name].sort().join(';')}`,
      );
    for (const name of ['__proto__', 'constructor', 'tostring']) {
      const request = changingHeader(await inHeaders(), 'authorization', (value) => signed(value, name));
      assert.equal(reasonOf(request), 'wrong_signature', name);
      const verdict = verify(withHeader(request, name, 'here'));
      assert.ok(!verdict.accepted);
      assert.ok(verdict.canonicalRequest?.includes(`\n${name}:here\n`), verdict.canonicalRequest ?? '');
    }
  });

  it('truncates long names in messages', async () => {
    const verdict = verify(withHeader(await inHeaders(), `x-amz-${'a'.repeat(9000)}`, ''));
    assert.ok(!verdict.accepted);
    assert.equal(verdict.reason, 'unsigned_header');
    assert.ok(verdict.message.length < 200, verdict.message);
  });

  it('rejects duplicates', async () => {
    const request = await inHeaders();
    for (const name of ['Authorization', 'Host', 'X-Amz-Date', 'X-Amz-Content-Sha256']) {
      const value = request.rawHeaders[request.rawHeaders.indexOf(name.toLowerCase()) + 1] as string;
      assert.equal(reasonOf(withHeader(request, name, value)), 'duplicate_header', name);
    }
    const presigned = await inQuery();
    assert.equal(reasonOf(withHeader(presigned, 'authorization', 'Bearer abc')), 'two_mechanisms');
    for (const [name, value] of presigned.query) {
      const twice = { ...presigned, query: [...presigned.query, [name, value] as const] };
      assert.equal(reasonOf(twice), 'malformed_query', name);
    }
  });

  it('rejects a presigned request with a missing or changed parameter', async () => {
    const request = await inQuery();
    for (const name of ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature']) {
      assert.equal(reasonOf(changingQuery(request, `X-Amz-${name}`, undefined)), 'malformed_query', name);
    }
    for (const seconds of ['0', '-1', '604801', '1e3', '', '1.5', ' 1']) {
      assert.equal(reasonOf(changingQuery(request, 'X-Amz-Expires', seconds)), 'malformed_query', seconds);
    }
    assert.equal(reasonOf(changingQuery(request, 'X-Amz-Expires', '61')), 'wrong_signature');
    assert.equal(reasonOf(changingQuery(request, 'X-Amz-Algorithm', 'AWS4-HMAC-SHA1')), 'malformed_query');
    assert.equal(reasonOf(changingQuery(request, 'X-Amz-Date', 'yesterday')), 'no_date');
    assert.equal(reasonOf(changingQuery(request, 'X-Amz-Date', '20260331T256199Z')), 'no_date');
    assert.equal(reasonOf(withHeader(request, 'x-amz-content-sha256', EMPTY)), 'wrong_signature');
  });

  it('requires x-amz-content-sha256', async () => {
    const request = await inHeaders();
    assert.equal(reasonOf(withoutHeader(request, 'x-amz-content-sha256')), 'no_payload_hash');
    for (const value of ['', 'unsigned-payload', EMPTY.toUpperCase(), EMPTY.slice(1), 'STREAMING-\u00fc']) {
      assert.equal(reasonOf(changingHeader(request, 'x-amz-content-sha256', () => value)), 'bad_payload_hash', value);
    }
    assert.equal(reasonOf(withoutHeader(request, 'x-amz-date')), 'no_date');
  });

  it('has the S3 code and status for every refusal', async () => {
    const verdict = verify(changingHeader(await inHeaders(), 'authorization', () => 'Bearer abc'));
    assert.deepEqual(verdict, { accepted: false, reason: 'malformed_header', ...REFUSALS.malformed_header });
  });
});
