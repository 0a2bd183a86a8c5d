import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import { percentEncodePath } from '../../../src/kit/percent.ts';
import { signRequest } from '../../../src/sigv4/sign-request.ts';
import { SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { SmithySha256 } from '../../support/smithy-sha256.ts';

const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const accessKey = 'AKIAIOSFODNN7EXAMPLE';

async function smithysAuthorization(request: {
  method: string;
  key: string;
  query: [string, string][];
  headers: Record<string, string>;
  sessionToken?: string | undefined;
  now: Date;
}): Promise<string | undefined> {
  const credentials = {
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    ...(request.sessionToken && { sessionToken: request.sessionToken }),
  };
  const signer = new SignatureV4({
    service: 's3',
    region: 'eu-west-1',
    credentials,
    sha256: SmithySha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'https:',
      hostname: 'store.example',
      path: `/b/${percentEncodePath(request.key)}`,
      query: Object.fromEntries(request.query),
      headers: request.headers,
    },
    { signingDate: request.now },
  );
  return signed.headers.authorization;
}

describe('signRequest', () => {
  const now = new Date('2026-11-23T01:02:03.456Z');
  const cases = [
    { name: 'a plain PUT', method: 'PUT', key: 'a/b.txt', query: [], headers: {} },
    {
      name: 'a key with everything',
      method: 'PUT',
      key: "sp ace+plus%41 ünï&=?#;é/q'()*!,$@:/a//b/./c",
      query: [],
      headers: {},
    },
    {
      name: 'a part',
      method: 'PUT',
      key: 'k',
      query: [
        ['uploadId', 'a b/c+d=='],
        ['partNumber', '7'],
      ],
      headers: {},
    },
    { name: 'a parameter without value', method: 'POST', key: 'k', query: [['uploads', '']], headers: {} },
    {
      name: 'metadata with inner and outer spaces',
      method: 'PUT',
      key: 'k',
      query: [],
      headers: {
        'x-amz-meta-note': '  two   words ',
        'content-type': 'text/plain',
        'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      },
    },
    { name: 'temporary credentials', method: 'PUT', key: 'k', query: [], headers: {}, sessionToken: 'FwoGZX//token==' },
  ] satisfies {
    name: string;
    method: string;
    key: string;
    query: [string, string][];
    headers: Record<string, string>;
    sessionToken?: string;
  }[];

  for (const { name, method, key, query, headers, sessionToken } of cases as ((typeof cases)[number] & {
    sessionToken?: string;
  })[]) {
    it(`signs ${name} like @smithy/signature-v4`, async () => {
      const payloadHash = 'UNSIGNED-PAYLOAD';
      const all = { host: 'store.example', ...headers };
      const { headers: ours } = signRequest(
        { method, path: `/b/${percentEncodePath(key)}`, query, headers: all, payloadHash, region: 'eu-west-1' },
        { accessKey, keys: new SigningKeys(secretKey), sessionToken },
        now,
      );
      const theirs = await smithysAuthorization({
        method,
        key,
        query,
        headers: { ...all, 'x-amz-content-sha256': payloadHash },
        sessionToken,
        now,
      });
      assert.equal(ours.authorization, theirs);
    });
  }

  it('signs the bytes of a value, also if JavaScript treats its last byte as a space', () => {
    const words = 'voil\u00e0'; // in UTF-8 its last byte is 0xA0
    const { headers: ours } = signRequest(
      {
        method: 'PUT',
        path: '/b/k',
        query: [],
        headers: { host: 'store.example', 'x-amz-meta-a': Buffer.from(words).toString('latin1') },
        payloadHash: 'UNSIGNED-PAYLOAD',
        region: 'eu-west-1',
      },
      { accessKey, keys: new SigningKeys(secretKey) },
      now,
    );
    // "Create a signed AWS API request", written out by hand for this one request; smithy's signer has the same flaw.
    const names = 'host;x-amz-content-sha256;x-amz-date;x-amz-meta-a';
    const headers = `host:store.example\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20261123T010203Z\nx-amz-meta-a:${words}\n`;
    const hash = createHash('sha256')
      .update(`PUT\n/b/k\n\n${headers}\n${names}\nUNSIGNED-PAYLOAD`, 'utf8')
      .digest('hex');
    const toSign = `AWS4-HMAC-SHA256\n20261123T010203Z\n20261123/eu-west-1/s3/aws4_request\n${hash}`;
    let key: string | Buffer = `AWS4${secretKey}`;
    for (const part of ['20261123', 'eu-west-1', 's3', 'aws4_request', toSign]) {
      key = createHmac('sha256', key).update(part).digest();
    }
    assert.match(String(ours.authorization), new RegExp(`Signature=${key.toString('hex')}$`));
  });
});

describe('a signing key', () => {
  it('signs texts of any characters as HMAC-SHA256 of their UTF-8, so that none stands for another', () => {
    const scope = { day: '20261123', region: 'eu-west-1', service: 's3' };
    const key = new SigningKeys(secretKey).of(scope);
    let derived: string | Buffer = `AWS4${secretKey}`;
    for (const part of [scope.day, scope.region, scope.service, 'aws4_request'])
      derived = createHmac('sha256', derived).update(part).digest();
    // U+0141 is a "A" if only the low byte of each character is signed.
    for (const text of ['', 'A', '\u0141', '\u00e0', '\u{1f600}', 'a'.repeat(63), 'policy'.repeat(1_000)]) {
      assert.equal(key.sign(text), createHmac('sha256', derived).update(text).digest('hex'));
    }
  });

  it('is that of its scope, whatever the scope before', () => {
    const keys = new SigningKeys(secretKey);
    const one = { day: '20261123', region: 'eu-west-1', service: 's3' };
    const scopes = [one, { ...one, region: 'us-east-1' }, { ...one, day: '20261124' }, { ...one, service: 'sqs' }, one];
    for (const scope of [...scopes, ...scopes]) {
      assert.equal(keys.of(scope).sign('text'), new SigningKeys(secretKey).of(scope).sign('text'));
    }
  });
});
