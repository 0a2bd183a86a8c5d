import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FormsReading } from '../../../src/gateway/forms-reading.ts';

/** Reads until it is stopped. */
const forever = (stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)));

describe('FormsReading', () => {
  it('refuses one more during the grace time of the others', async () => {
    const forms = new FormsReading(10, 60_000);
    for (let i = 0; i < 9; i++) forms.read('a', forever).catch(() => {});
    await assert.rejects(forms.read('a', forever), { reason: 'too_many_forms_of_caller' });
    await forms.read('b', async () => assert.equal(forms.count, 10));
    assert.equal(forms.count, 9);
  });

  const displaced = { type: 'overloaded', reason: 'form_displaced' };

  it('gives the slot of the oldest form of a caller to a new one of the same caller', async () => {
    const forms = new FormsReading(10, 0);
    const other = forms.read('b', forever);
    const [oldest, ...later] = Array.from({ length: 8 }, () => forms.read('a', forever));
    for (const each of [other, ...later]) each.catch(() => assert.fail('another form was displaced'));
    const reading = forms.read('a', async () => assert.equal(forms.count, 9));
    await assert.rejects(oldest!, displaced);
    await reading;
    assert.equal(forms.count, 8);
  });

  it('gives the slot of the oldest form to a caller without one', async () => {
    const forms = new FormsReading(2, 0);
    const [oldest, newest] = ['a', 'b'].map((caller) => forms.read(caller, forever));
    newest!.catch(() => assert.fail('another form was displaced'));
    const reading = forms.read('c', async () => assert.equal(forms.count, 2));
    await assert.rejects(oldest!, displaced);
    await reading;
    assert.equal(forms.count, 1);
  });
});
