import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { canonicalRequest, stringToSign } from '../../../src/sigv4/canonical-request.ts';
import { SigningKeys, scopeText } from '../../../src/sigv4/signing-key.ts';

// The examples of the Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature
// Version 4)": bucket examplebucket, 24 May 2013, the published example keys.
const keys = new SigningKeys('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
const scope = { day: '20130524', region: 'us-east-1', service: 's3' };
const date = '20130524T000000Z';
const host = 'examplebucket.s3.amazonaws.com';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const body = 'Welcome to Amazon S3.';

const EXAMPLES = [
  {
    name: 'GET Object',
    method: 'GET',
    path: '/test.txt',
    query: [],
    headers: { host, range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY, 'x-amz-date': date },
    payloadHash: EMPTY,
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    method: 'PUT',
    path: '/test%24file.text',
    query: [],
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      host,
      'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      'x-amz-date': date,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    payloadHash: createHash('sha256').update(body).digest('hex'),
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    method: 'GET',
    path: '/',
    query: [['lifecycle', '']] as const,
    headers: { host, 'x-amz-content-sha256': EMPTY, 'x-amz-date': date },
    payloadHash: EMPTY,
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'GET Bucket (List Objects)',
    method: 'GET',
    path: '/',
    query: [
      ['prefix', 'J'],
      ['max-keys', '2'],
    ] as const,
    headers: { host, 'x-amz-content-sha256': EMPTY, 'x-amz-date': date },
    payloadHash: EMPTY,
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
];

describe("canonicalRequest and its signature, with AWS's published examples", () => {
  for (const example of EXAMPLES) {
    it(example.name, () => {
      const signedHeaders = Object.keys(example.headers).sort();
      const headers: Readonly<Record<string, string>> = example.headers;
      const canonical = canonicalRequest({ ...example, signedHeaders, valueOf: (name) => headers[name] });
      const signature = keys.of(scope).sign(stringToSign(date, scopeText(scope), canonical));
      assert.equal(signature, example.signature);
    });
  }
});
