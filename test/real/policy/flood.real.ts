/** A key that is denied everything and asks without end, before a real OPA: nobody else is refused, and the breaker stays closed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RawClient } from '../../support/http-client.ts';
import { examplesIn } from '../support/document-examples.ts';
import { type PolicyEngine, startOpa } from '../support/policy-engines.ts';
import { openPolicyScene, type PolicyScene, putSigned, tokenOf } from '../support/policy-scene.ts';

const BUCKET = 'uploads';
const CONNECTIONS = 20;
const REQUESTS = 2_000;

describe('a real OPA behind a flood of requests that it denies', () => {
  let opa: PolicyEngine;
  let scene: PolicyScene;
  before(async () => {
    opa = await startOpa(examplesIn('docs/policy.md', 'rego'));
    scene = await openPolicyScene({ [BUCKET]: { opa: { url: opa.url, policy_path: 'mizuchi/decision' } } });
  });
  after(async () => {
    await scene?.close();
    await opa?.stop();
  });

  it('still decides for all other callers', async () => {
    const token = await tokenOf({ sub: 'nobody' });
    const put = (key: string): string =>
      `PUT /${BUCKET}/${key} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;
    const hostile: RawClient[] = [];
    for (let c = 0; c < CONNECTIONS; c++) {
      const client = await RawClient.connect(scene.gateway.url);
      client.write(Array.from({ length: REQUESTS }, (_, i) => put(`denied/${c}/${i}`)).join(''));
      hostile.push(client);
    }
    for (const client of hostile) await client.until(/^HTTP\/1\.1 403 /);
    for (let i = 0; i < 100; i++) {
      const { status, message } = await putSigned(scene, { bucket: BUCKET, key: `devices/device-7/${i}` });
      assert.equal(status, 200, message);
    }
    const answers = hostile.flatMap(({ received }) => [...received.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, s]) => s));
    assert.deepEqual([...new Set(answers)], ['403']);
    for (const client of hostile) client.socket.resetAndDestroy();
  });
});
