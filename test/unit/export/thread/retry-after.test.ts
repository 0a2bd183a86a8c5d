import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryAfterMillis, retryInfoMillis } from '../../../../src/export/thread/retry-after.ts';
import { encodeMessage } from '../../../support/otlp-messages.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('Retry-After', () => {
  it('is seconds or an HTTP date, of which there are three forms', () => {
    assert.equal(retryAfterMillis('0', NOW), 0);
    assert.equal(retryAfterMillis('120', NOW), 120_000);
    assert.equal(retryAfterMillis('Fri, 02 Jan 2026 03:04:35 GMT', NOW), 30_000);
    assert.equal(retryAfterMillis('Friday, 02-Jan-26 03:04:35 GMT', NOW), 30_000);
  });

  it('is never negative', () => {
    assert.equal(retryAfterMillis('Thu, 01 Jan 1970 00:00:00 GMT', NOW), 0);
  });

  it('is nothing where it is neither', () => {
    for (const header of [undefined, '', 'soon', '-1', '1.5', '2026-01-02', '12 seconds', 'Xyz, nonsense'])
      assert.equal(retryAfterMillis(header, NOW), undefined, String(header));
  });
});

describe('RetryInfo', () => {
  const status = (typeUrl: string, value: Uint8Array) =>
    encodeMessage('RpcStatus', { code: 14, details: [{ typeUrl, value }] });
  const info = (retryDelay?: { seconds?: number; nanos?: number }) => encodeMessage('RetryInfo', { retryDelay });
  const TYPE = 'type.googleapis.com/google.rpc.RetryInfo';

  it('is a duration', () => {
    assert.equal(retryInfoMillis(status(TYPE, info({ seconds: 2, nanos: 250_000_000 }))), 2250);
    assert.equal(retryInfoMillis(status(TYPE, info({}))), 0);
    assert.equal(retryInfoMillis(status(TYPE, info({ seconds: -5 }))), 0);
  });

  it('is nothing where there is none, or where it cannot be read', () => {
    assert.equal(retryInfoMillis(new Uint8Array()), undefined);
    assert.equal(retryInfoMillis(status(TYPE, info())), undefined);
    assert.equal(retryInfoMillis(status('type.googleapis.com/google.rpc.Help', info({ seconds: 1 }))), undefined);
    assert.equal(retryInfoMillis(status(TYPE, Buffer.from('\xff\xff'))), undefined);
    const whole = status(TYPE, info({ seconds: 2 }));
    for (let length = 1; length < whole.length; length++)
      assert.doesNotThrow(() => retryInfoMillis(whole.subarray(0, length)));
  });
});
