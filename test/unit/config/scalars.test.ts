import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUCKET } from '../../../src/config/bucket.ts';
import type { ScalarField } from '../../../src/config/field.ts';
import * as scalars from '../../../src/config/scalars.ts';

const prose = 'a field';
const accepted = (field: ScalarField<unknown>, text: string): boolean => 'value' in field.parse(text);

function reads<T>(field: ScalarField<T>, cases: Readonly<Record<string, T>>): void {
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(field.parse(text), { value }, text);
}

function refuses(field: ScalarField<unknown>, texts: readonly string[]): void {
  for (const text of texts) {
    assert.equal(accepted(field, text), false, JSON.stringify(text));
    const { wrong, hint } = field.parse(text) as { wrong: string; hint: string };
    assert.ok(wrong.length > 0 && hint.length > 0);
  }
}

describe('scalar fields', () => {
  it('read whole numbers within their bounds', () => {
    const field = scalars.integer({ prose, min: -5, max: 99 });
    reads(field, { 0: 0, '99': 99, '-5': -5, '+7': 7, '007': 7 });
    refuses(field, ['100', '-6', '1.0', '1e1', '0x1', '1_0', ' 1', '1 ', '', 'one', 'NaN', 'Infinity', '٣']);
  });

  it('read numbers within their bounds', () => {
    const field = scalars.number({ prose, min: 0, max: 1 });
    reads(field, { 0: 0, '1.0': 1, '.5': 0.5, '1e-3': 0.001, '0.25': 0.25, '1.': 1 });
    refuses(field, ['1.01', '-0.1', '50%', '0,5', '.', 'e1', '.nan', 'Infinity']);
  });

  it('read booleans as in YAML 1.2', () => {
    const field = scalars.boolean({ prose });
    reads(field, { true: true, True: true, TRUE: true, false: false, False: false, FALSE: false });
    refuses(field, ['yes', 'no', 'on', 'off', '1', '0', 'tRUE', 'y']);
  });

  it('read addresses', () => {
    const field = scalars.socketAddress({ prose });
    reads(field, {
      '0.0.0.0:8080': { host: '0.0.0.0', port: 8080 },
      '[::]:0': { host: '::', port: 0 },
      '[fe80::1]:65535': { host: 'fe80::1', port: 65535 },
      'localhost:1': { host: 'localhost', port: 1 },
      'a-b.example.com:80': { host: 'a-b.example.com', port: 80 },
    });
    const wrong = [':8080', '8080', 'localhost', '::1:80', '[::1]', '[1.2.3.4]:80', '1.2.3:80', '256.1.1.1:80'];
    refuses(field, [...wrong, 'h:65536', 'h:-1', 'h:+1', 'h: 80', 'http://h:80', 'h_x:80', '-h:80', 'h/:80', '[::]80']);
  });

  it('write addresses as they read them', () => {
    const field = scalars.socketAddress({ prose });
    for (const text of ['0.0.0.0:8080', '[::1]:0', 'localhost:80']) {
      const parsed = field.parse(text);
      assert.ok('value' in parsed);
      assert.equal(field.write(parsed.value), text);
    }
  });

  it('read URLs', () => {
    const field = scalars.httpUrl({ prose });
    reads(field, {
      'http://127.0.0.1:9000': 'http://127.0.0.1:9000',
      'https://s3.example.com/': 'https://s3.example.com',
      'http://[::1]:4318/v1/traces': 'http://[::1]:4318/v1/traces',
      'HTTPS://Host:1': 'HTTPS://Host:1',
    });
    const wrong = ['localhost:4317', 'ftp://host', 'http://', 'http:/host', 'http:host', 'http://user:password@host'];
    refuses(field, [
      ...wrong,
      'http://host?query',
      'http://host#part',
      'http://ho st',
      'http://host:99999',
      'http://host:0',
    ]);
    refuses(field, [
      'http://user@host',
      'http:\\\\host',
      'http://host\\path',
      'http://[::1',
      'http://ho%00st',
      '//host',
    ]);
  });

  it('keep strings as written, and reject secrets with surrounding white space', () => {
    reads(scalars.string({ prose }), { '1.10': '1.10', ' a ': ' a ', ü: 'ü' });
    refuses(scalars.string({ prose }), ['two\nlines', 'a\0', 'tab\t']);
    reads(scalars.secret({ prose }), { 'a b/+=': 'a b/+=' });
    refuses(scalars.secret({ prose }), ['secret\n', ' secret', 'secret ']);
  });
});

describe('the fields of a bucket', () => {
  const { name, path_prefix, s3 } = BUCKET.fields as unknown as Record<string, ScalarField<string>>;
  const store = (s3 as unknown as { fields: Record<string, ScalarField<string>> }).fields;

  it('accept the bucket names of S3', () => {
    reads(name!, { 'my-bucket': 'my-bucket', 'a.b-c.1': 'a.b-c.1', '123': '123', ['a'.repeat(63)]: 'a'.repeat(63) });
    const wrong = ['ab', 'a'.repeat(64), 'Upper', 'under_score', '-abc', 'abc-', '.abc', 'abc.', 'a..b', '192.168.5.4'];
    refuses(name!, [...wrong, 'a/b', 'a b', 'bücket']);
  });

  it('accept paths without percent-encoding', () => {
    reads(path_prefix!, {
      '/a': '/a',
      '/a/b_c~d.e-f': '/a/b_c~d.e-f',
      '/healthy': '/healthy',
      '/x/health': '/x/health',
    });
    refuses(path_prefix!, [
      '/',
      '',
      'uploads',
      '/uploads/',
      '//a',
      '/a//b',
      '/a/../b',
      '/..',
      '/./a',
      '/a%20b',
      '/a b',
    ]);
    refuses(path_prefix!, ['/health', '/ready', '/health/a', '/ready/b', '/a?b', '/ä', '/a\\b']);
  });

  it('accept plain endpoints, and reject access keys that break the signature', () => {
    reads(store.endpoint!, { 'https://minio:9000/': 'https://minio:9000' });
    reads(store.endpoint!, { 'https://host/storage/v1/s3/': 'https://host/storage/v1/s3' });
    refuses(store.endpoint!, ['http://host/a//b', 'http://host/../b', 'http://host/a%2Fb', 'host:9000']);
    refuses(store.access_key!, ['AK/ID', 'AK,ID', 'AK ID']);
    refuses(store.region!, ['us east', 'eu/west', 'a.b']);
    refuses(store.bucket!, ['a', '../b', 'a/b', '.ab', 'b?c']);
  });
});
