import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { otlpRequest, readPartialSuccess, readStatusMessage } from '../../../../src/export/otlp/otlp-request.ts';
import { encodeResource, encodeScope } from '../../../../src/export/otlp/resource.ts';
import { exportUrl } from '../../../../src/export/thread/create-exporter.ts';
import { printable } from '../../../../src/export/thread/result.ts';
import { withoutSecrets } from '../../../../src/export/thread/without-secrets.ts';
import { decodeRequest, encodeMessage } from '../../../support/otlp-messages.ts';

describe('the envelope of a batch', () => {
  it('has one resource and one scope around the spans, of any size', () => {
    const resource = encodeResource({ 'service.name': 'größe', 'process.pid': 7 });
    const scope = encodeScope({ name: 'scope', version: '1.2.3' });
    for (const count of [0, 1, 100, 20_000]) {
      const spans = Buffer.concat(Array.from({ length: count }, () => Buffer.from([0x12, 0x03, 0x2a, 0x01, 0x78])));
      const [group] = decodeRequest(otlpRequest(resource, scope, spans));
      assert.deepEqual(group?.resource, { 'service.name': { string: 'größe' }, 'process.pid': { int: '7' } });
      assert.deepEqual(group?.scope, { name: 'scope', version: '1.2.3' });
      assert.equal(group?.spans.length, count);
      assert.ok(group?.spans.every(({ name }) => name === 'x'));
    }
  });
});

describe('the response of a collector', () => {
  it('reports rejected spans', () => {
    const read = (partialSuccess?: object) =>
      readPartialSuccess(encodeMessage('ExportTraceServiceResponse', { partialSuccess }));
    assert.deepEqual(read({ rejectedSpans: 12, errorMessage: 'ü\u0000x' }), { rejected: 12, message: 'x' });
    assert.deepEqual(read({ errorMessage: 'a warning' }), { rejected: 0, message: 'a warning' });
    assert.deepEqual(read({ rejectedSpans: -3 }), { rejected: 0, message: '' });
    assert.deepEqual(read(), { rejected: 0, message: '' });
  });

  it('reports nothing where it cannot be read', () => {
    for (const bytes of [
      Buffer.from('garbage'),
      Buffer.from([0x0a, 0xff]),
      Buffer.alloc(20, 0xff),
      Buffer.from([0x0a, 2, 0x08, 0x80]),
    ]) {
      assert.deepEqual(readPartialSuccess(bytes), { rejected: 0, message: '' });
      assert.equal(readStatusMessage(bytes), '');
    }
  });
});

describe('texts for log lines', () => {
  it('are printable and at most 200 characters', () => {
    assert.equal(printable('a\r\nb\x1b[0mc\u202e'), 'a b [0mc');
    assert.equal(printable('x'.repeat(1e6)).length, 200);
    assert.equal(printable('x'.repeat(200)), 'x'.repeat(200));
  });

  it('hold none of the values that were sent as headers', () => {
    const clean = withoutSecrets(['Bearer abcdef123', 'short', '']);
    assert.equal(clean('token Bearer abcdef123 is bad'), 'token REDACTED is bad');
    assert.equal(clean('abcdef123? short'), 'REDACTED? short');
  });
});

describe('the URL of traces', () => {
  it('is the endpoint with the path of traces, unless it is there', () => {
    assert.equal(exportUrl('http://h:4318', '/v1/traces'), 'http://h:4318/v1/traces');
    assert.equal(exportUrl('http://h:4318/', '/v1/traces'), 'http://h:4318/v1/traces');
    assert.equal(exportUrl('http://h:4318/prefix/', '/v1/traces'), 'http://h:4318/prefix/v1/traces');
    assert.equal(exportUrl('https://h/prefix?tenant=1', '/v1/traces'), 'https://h/prefix/v1/traces?tenant=1');
    assert.equal(exportUrl('http://h:4318/v1/traces', '/v1/traces'), 'http://h:4318/v1/traces');
  });
});
