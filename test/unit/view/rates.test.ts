import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rates } from '../../../src/view/rates.ts';

describe('Rates', () => {
  const upload = {};

  function sampled(rates: Rates, at: number, bytes: number): number {
    rates.begin(at);
    const rate = rates.of(upload, bytes, 2_000);
    rates.end();
    return rate;
  }

  it('are the average so far for a new upload, and then that since the last sample', () => {
    const rates = new Rates();
    assert.equal(sampled(rates, 10_000, 4_000), 2_000);
    assert.equal(sampled(rates, 11_000, 4_500), 500);
    assert.equal(sampled(rates, 12_000, 4_500), 0);
  });

  it('stay for about a second, however often they are read', () => {
    const rates = new Rates();
    sampled(rates, 10_000, 4_000);
    assert.equal(sampled(rates, 10_500, 5_000), 2_000);
    assert.equal(sampled(rates, 11_000, 5_000), 1_000);
  });

  it('keep nothing of an upload that has ended', () => {
    const rates = new Rates();
    sampled(rates, 10_000, 4_000);
    rates.forget(upload);
    assert.equal(sampled(rates, 11_000, 6_000), 3_000);
  });

  it('begin anew for an upload that a snapshot did not see', () => {
    const rates = new Rates();
    sampled(rates, 10_000, 4_000);
    rates.begin(11_000);
    rates.end();
    assert.equal(sampled(rates, 12_000, 6_000), 3_000);
  });
});
