/**
 * A proxy between gateway and store changes one bit. Whatever the client has promised about its bytes, and however it sends them:
 * nothing is stored, no 2xx is given, and no parts are left.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { type FaultProxy, startFaultProxy } from '../../src/rehearsal/faults/fault-proxy.ts';
import { changeOneBit } from '../support/change-one-bit.ts';
import { EmbeddedStore, sha256 } from '../support/embedded-store.ts';
import { arePossible, PROMISES, SENDINGS, sendPromised } from '../support/promises.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const UPLOAD = { multipart_threshold: '5MiB', part_size: '5MiB' };

const BYTES = randomBytes(Math.max(...SENDINGS.map(({ size }) => size)));
/** What goes in parts is tried with the first; with all of them, against real stores. */
const SETTINGS = [{ checksum: 'none' }, { checksum: 'unsupported' }, { client_checksums: 'verify_and_drop' }];

for (const s3 of SETTINGS) {
  describe(`a bit that changes between gateway and store, with ${JSON.stringify(s3)}`, () => {
    let store: EmbeddedStore;
    let proxy: FaultProxy;
    let gateway: TestGateway;
    before(async () => {
      store = await EmbeddedStore.start();
      proxy = await startFaultProxy({ store: store.url, host: '127.0.0.1', port: 0, faults: [], seed: 1 });
      gateway = await startGateway({ storeUrl: proxy.url, s3, upload: UPLOAD });
    });
    afterEach(() => proxy.plan([]));
    after(async () => {
      await gateway.close();
      await proxy.close();
      await store.close();
    });

    for (const sending of SENDINGS.filter(({ size }) => s3 === SETTINGS[0] || size < 1024 ** 2)) {
      for (const promising of PROMISES.filter((each) => arePossible(each, sending))) {
        const what = `${sending.name}, with ${promising.name}`;
        const key = what.replace(/[^a-z0-9]+/gi, '-');

        it(`is found in ${what}`, async () => {
          const bytes = BYTES.subarray(0, sending.size);
          changeOneBit(proxy, Math.min(sending.size / 2, 1_000_000));
          const changed = await sendPromised(gateway.url, key, bytes, promising, sending);
          assert.ok(changed.status >= 400, `${changed.status} ${changed.body}`);
          assert.equal(await store.sumOf(key), undefined);
          const isLeft = (await store.openUploads()).includes(key);
          assert.equal(isLeft, sending.as === 'part', 'only the upload that a client itself has begun is left to it');
          // What goes in parts is tested elsewhere; the SDK, which reads it back, verifies no SHA-512.
          if (sending.size > 1024 ** 2 || promising.name.includes('sha512')) return;
          proxy.plan([]);
          const whole = await sendPromised(gateway.url, key, bytes, promising, sending);
          assert.ok(whole.status < 300, `${whole.status} ${whole.body}`);
          assert.equal(await store.sumOf(key), sha256(bytes));
        });
      }
    }
  });
}
