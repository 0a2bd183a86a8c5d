/**
 * A proxy between gateway and a real store changes one bit. Whatever the client has promised about its bytes, and however it sends
 * them: nothing is stored, no 2xx is given, and no parts are left. Unchanged, all of it is stored.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type FaultProxy, startFaultProxy } from '../../../src/rehearsal/faults/fault-proxy.ts';
import { changeOneBit } from '../../support/change-one-bit.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { arePossible, PROMISES, SENDINGS, sendPromised } from '../../support/promises.ts';
import { describeWithEachStore } from '../support/each-store.ts';
import { startGatewayInFront } from '../support/gateway-in-front.ts';
import { sha256 } from '../support/stored-objects.ts';

const UPLOAD = { multipart_threshold: '5MiB', part_size: '5MiB' };

const SETTINGS = [{ checksum: 'none' }, { checksum: 'unsupported' }, { client_checksums: 'verify_and_drop' }];

/** Of checksums that a store does not know it says so, or it ignores them: then the gateway's own signature protects the bytes. */
const NOT_EVERYWHERE = /sha512|checksum-md5|md5 in/;

describeWithEachStore('a bit that changes on the way to the store', (scene) => {
  for (const s3 of SETTINGS) {
    const [setting] = Object.values(s3);
    describe(`with ${JSON.stringify(s3)}`, () => {
      let proxy: FaultProxy;
      let gateway: GatewayProcess;
      before(async () => {
        proxy = await startFaultProxy({ store: scene().store.url, host: '127.0.0.1', port: 0, faults: [], seed: 1 });
        gateway = await startGatewayInFront({ storeUrl: proxy.url, s3, upload: UPLOAD });
      });
      after(async () => {
        await gateway.stop();
        await proxy.close();
      });

      for (const sending of SENDINGS) {
        for (const promising of PROMISES.filter((each) => arePossible(each, sending))) {
          const what = `${sending.name}, with ${promising.name}`;
          it(`is found in ${what}`, async () => {
            const key = `${setting}/${what.replace(/[^a-z0-9]+/gi, '-')}`;
            const bytes = randomBytes(sending.size);
            changeOneBit(proxy, Math.min(sending.size / 2, 1_000_000));
            const changed = await sendPromised(gateway.url, key, bytes, promising, sending);
            assert.ok(changed.status >= 400, `${changed.status} ${changed.body}`);
            assert.ok(!(await scene().stored.keys()).includes(key), 'nothing is stored');
            if (sending.as !== 'part') assert.deepEqual(await scene().stored.openUploads(key), []);
            proxy.plan([]);
            const whole = await sendPromised(gateway.url, key, bytes, promising, sending);
            if (NOT_EVERYWHERE.test(promising.name) && whole.status >= 400) return;
            assert.ok(whole.status < 300, `${whole.status} ${whole.body}`);
            // The SDK, which reads it back, verifies no SHA-512 and no MD5, and refuses to read on.
            if (!NOT_EVERYWHERE.test(promising.name)) assert.equal(await scene().stored.sha256(key), sha256(bytes));
          });
        }
      }
    });
  }
});
