import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fieldsWithoutCredentials, withoutCredentials } from '../../../src/kit/without-credentials.ts';
import { cpuMicros } from '../../support/growth.ts';

const SIGNATURE = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWT = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: 'jane.doe@example.com' })}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg`;
const PRESIGNED = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIADEVICE7%2F20261129%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261129T000000Z&X-Amz-Security-Token=FwoGZXIvYXdzEJr%2F%2F%2B0a&X-Amz-SignedHeaders=host&X-Amz-Signature=${SIGNATURE}`;
const SECRETS = [SIGNATURE, 'AKIADEVICE7', 'FwoGZXIvYXdzEJr'];

/** Encodes all but letters and digits, so many times. */
const encoded = (text: string, times: number): string =>
  times === 0 ? text : encoded(text.replace(/[^A-Za-z0-9]/g, hex), times - 1);
const hex = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
const wide = (text: string): string => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

const MANGLED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['?', '%3F', '%3f', '%253F', '%25253f', '%%33%46', '&', ';', '+', '/', '%26', ' ', '%EF%BC%9F', '？'].map(
      (mark) => [`the mark ${mark}`, `/uploads/k${mark}${PRESIGNED}`],
    ),
  ),
  'all encoded once': encoded(`/uploads/k?${PRESIGNED}`, 1),
  'all encoded four times': encoded(`/uploads/k?${PRESIGNED}`, 4),
  decoded: decodeURIComponent(`k?${PRESIGNED}`),
  'lower case': `/uploads/k%3f${PRESIGNED.replace(/X-Amz-[A-Za-z-]+/g, (name) => name.toLowerCase())}`,
  'upper case': `/uploads/k%3f${PRESIGNED.replace(/X-Amz-[A-Za-z-]+/g, (name) => name.toUpperCase())}`,
  'letters of the names encoded': `/uploads/k%3F${PRESIGNED.replaceAll('Signature', 'Sign%61ture').replaceAll('Amz', '%41mz')}`,
  underscores: `/uploads/k?${PRESIGNED.replaceAll('X-Amz-', 'x_amz_')}`,
  'full-width names': `k?${PRESIGNED.replace(/X-Amz-[A-Za-z-]+=/g, wide)}`,
  'full-width names, encoded': `/k?${encodeURIComponent(PRESIGNED.replace(/X-Amz-[A-Za-z-]+=/g, wide))}`,
  'slashes for equals signs': `/k/${PRESIGNED.replaceAll('=', '/')}`,
};

describe('text without credentials', () => {
  for (const [how, text] of Object.entries(MANGLED)) {
    it(`contains no part of a presigned URL: ${how}`, () => {
      const cut = withoutCredentials(text);
      for (const secret of SECRETS) assert.ok(!decodeAll(cut).includes(secret), cut);
      assert.ok(cut.includes('REDACTED'));
    });
  }

  for (const [text, expected] of [
    [
      `/k?X-Amz-Date=1&X-Amz-Signature=${SIGNATURE}&x-id=PutObject`,
      '/k?X-Amz-Date=1&X-Amz-Signature=REDACTED&x-id=PutObject',
    ],
    [`inbox/${JWT}/file.txt`, 'inbox/REDACTED/file.txt'],
    [`key${JWT}`, 'keyREDACTED'],
    [JWT.replaceAll('.', '%2E'), 'REDACTED'],
    [`curl/8 (${JWT})`, 'curl/8 (REDACTED)'],
    [`k?AWSAccessKeyId=AKIA1&Expires=1&Signature=a/b+c=`, 'k?AWSAccessKeyId=REDACTED&Expires=1&Signature=REDACTED'],
    ['k?GoogleAccessId=me@x.iam&Signature=abc%2Fd', 'k?GoogleAccessId=REDACTED&Signature=REDACTED'],
    ['k?X-Goog-Signature=0badc0de', 'k?X-Goog-Signature=REDACTED'],
    ['k?sv=2024-11-04&sig=a%2Fb%3D&sp=cw', 'k?sv=2024-11-04&sig=REDACTED&sp=cw'],
    ['k;access_token=abc/def', 'k;access_token=REDACTED'],
    ['k&token=abc', 'k&token=REDACTED'],
    ['k?jwt=abc', 'k?jwt=REDACTED'],
    ['Authorization: Bearer short', 'Authorization: REDACTED'],
    ['{"token": "abc", "a": 1}', '{"token": "REDACTED", "a": 1}'],
    ['x Bearer abcdefghijklmnop.q', 'x Bearer REDACTED'],
    [`x Basic ${btoa('jane:pw')}`, 'x Basic REDACTED'],
    [`basic xbasic ${btoa('jane:pw')}`, 'basic xbasic REDACTED'],
    ['http://jane:pw@host/k', 'http://REDACTED@host/k'],
    ['http:/jane:pw@host/k', 'http:/REDACTED@host/k'],
    ['http%3A%2F%2Fjane%3Apw%40host%2Fk', 'http%3A%2F%2FREDACTED%40host%2Fk'],
    ['http://jane:p%2Fw@host/k', 'http://REDACTED@host/k'],
    ['http://jane:p@w@host/k', 'http://REDACTED@host/k'],
    ['c:/http://jane:pw@host', 'c:/http://REDACTED@host'],
    ['//jane:pw@host/k', '//REDACTED@host/k'],
    ['%2F%2Fjane%3Apw%40host%2Fk', '%2F%2FREDACTED%40host%2Fk'],
    [`k?X-Amz-Signature=REDACTED`, 'k?X-Amz-Signature=REDACTED'],
  ] as const) {
    it(`is ${expected}`, () => assert.equal(withoutCredentials(text), expected));
  }

  for (const text of [
    'photos/2026/11/IMG_0001.jpg',
    'year=2026/month=11/part-0000.snappy.parquet',
    'reports/jane.doe@example.com/march.pdf',
    `cas/sha256:${SIGNATURE}`,
    `cas/${SIGNATURE}`,
    'a%20file%20(1).txt',
    'Ünïcödé/日本語/ファイル.txt',
    'keyJournal.2026-01-01.with-a-long-name.txt',
    'design=7&config=8&max-tokens=9',
    'Basic training/bearer of news.pdf',
    'http://example.com/a@b',
    '//example.com/a@b',
    'backup:2026@host1.tgz',
    'aws-sdk-js/3.1169.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#26.10.0 api/s3#3.1169.0 m/E,N',
    'The parameter X-Amz-Signature is missing; send X-Amz-Credential, X-Amz-Signature and X-Amz-Date.',
    'keys.yaml:3: secret_key: is missing',
    'X-Amz-SignedHeaders=host;x-amz-security-token&X-Amz-Signature=REDACTED',
    '100%',
    '%zz%2',
  ]) {
    it(`is unchanged: ${text}`, () => assert.equal(withoutCredentials(text), text));
  }

  it('ends the value of a segment with the segment', () => {
    assert.equal(withoutCredentials('table/token=7/part-0'), 'table/token=REDACTED/part-0');
  });

  it('is redacted in the strings of a record, which is the same record if there is nothing to redact', () => {
    const plain = { path: '/uploads/k', status: 200 };
    assert.equal(fieldsWithoutCredentials(plain), plain);
    const { path, status } = fieldsWithoutCredentials({ path: `/k%3FX-Amz-Signature=${SIGNATURE}`, status: 403 });
    assert.deepEqual([path, status], ['/k%3FX-Amz-Signature=REDACTED', 403]);
  });
});

function decodeAll(text: string): string {
  const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  return decoded === text ? text : decodeAll(decoded);
}

/**
 * Not milliseconds: 512 KiB in one text take about as long as the same in 64 texts, and would take 64 times as long if the time
 * were quadratic. A busy machine can make a round longer: one good round of three is enough.
 */
describe('the time for redaction', () => {
  for (const piece of [
    '%3f',
    '%25',
    '%2525',
    'x-amz-signature',
    'x-amz-signature=',
    '/token=a',
    'token=',
    ':/',
    'a:/a@',
    '://',
    'eyJ',
    'eyJhbGciOiJ',
    'ewo',
    'basic=',
    'bearer ',
    'authorization:',
    '=',
    '"',
    ' =',
    '\uff05',
    '%EF%BC%8',
    'A',
    'a.',
  ]) {
    it(`is linear in repetitions of ${JSON.stringify(piece)}`, () => {
      const [small, large] = [8 * 1024, 512 * 1024].map((size) => piece.repeat(Math.ceil(size / piece.length)));
      let growth = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3 && growth >= 16; round++) growth = timeOf(large!, 1) / timeOf(small!, 64);
      assert.ok(growth < 16, `in one text it took ${growth.toFixed(1)} times as long`);
    });
  }
});

function timeOf(text: string, times: number): number {
  const start = cpuMicros();
  for (let i = 0; i < times; i++) withoutCredentials(text);
  return cpuMicros() - start;
}
