import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { get } from 'node:http';
import { describe, it } from 'node:test';
import { SharedLookup } from '../../../src/export/shared-lookup.ts';
import { receiveHttp } from '../../support/otlp-receiver.ts';

const HERE: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** A resolver that answers when the test says so. */
function slow() {
  const asked: ({ hostname: string } & PromiseWithResolvers<LookupAddress[]>)[] = [];
  const waiting: (() => void)[] = [];
  const shared = new SharedLookup((hostname) => {
    const question = { hostname, ...Promise.withResolvers<LookupAddress[]>() };
    asked.push(question);
    for (const wake of waiting.splice(0)) wake();
    return question.promise;
  });
  const names = () => asked.map(({ hostname }) => hostname);
  /** The question of this number, as soon as it has been asked. */
  const question = async (number: number) => {
    while (asked[number] === undefined) await new Promise<void>((resolve) => waiting.push(resolve));
    return asked[number];
  };
  return { shared, names, question };
}

describe('the lookup of collectors', () => {
  it('is shared by all callers with the same name while it hangs, and a new one for a later caller', async () => {
    const { shared, names, question } = slow();
    const first = shared.all('c', { family: 0 });
    const hanging = await question(0);
    const others = Array.from({ length: 5 }, () => shared.all('c', { family: 0 }));
    hanging.resolve(HERE);
    for (const found of await Promise.all([first, ...others])) assert.equal(found, HERE);
    assert.deepEqual(names(), ['c']);
    const later = shared.all('c', { family: 0 });
    (await question(1)).resolve(HERE);
    await later;
    assert.deepEqual(names(), ['c', 'c']);
  });

  it('fails with ENOTFOUND where a response is empty', async () => {
    const { shared, question } = slow();
    const told = new Promise((resolve) => shared.lookup('c', {}, (error) => resolve(error?.code)));
    (await question(0)).resolve([]);
    assert.equal(await told, 'ENOTFOUND');
  });

  it('is one at a time, whatever the name, and whatever the result of the one before', async () => {
    const { shared, names, question } = slow();
    const wrong = Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
    const refused = assert.rejects(shared.all('a', {}), wrong);
    const [second, third] = [shared.all('b', {}), shared.all('a', { family: 6 })];
    const hanging = await question(0);
    assert.deepEqual(names(), ['a']);
    hanging.reject(wrong);
    await refused;
    const next = await question(1);
    assert.deepEqual(names(), ['a', 'b']);
    next.resolve(HERE);
    assert.equal(await second, HERE);
    (await question(2)).resolve(HERE);
    await third;
    assert.deepEqual(names(), ['a', 'b', 'a']);
  });

  it('serves agents of HTTP, which want one address or all of them', async (t) => {
    const receiver = await receiveHttp((response) => void response.end('hello'));
    t.after(() => receiver.close());
    const { lookup } = new SharedLookup(async () => HERE);
    for (const autoSelectFamily of [false, true]) {
      const options = { lookup, autoSelectFamily, agent: false };
      const status = await new Promise((resolve, reject) => {
        const request = get(`http://collector.example:${receiver.port}`, options, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject);
      });
      assert.equal(status, 200);
    }
  });

  it('passes the error on to them', async () => {
    const wrong = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const { lookup } = new SharedLookup(() => Promise.reject(wrong));
    const error = await new Promise((resolve) =>
      get('http://c.example', { lookup, agent: false }).on('error', resolve),
    );
    assert.equal(error, wrong);
  });
});
