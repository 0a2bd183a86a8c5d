import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send } from '../../support/http-client.ts';
import { eventually } from '../support/eventually.ts';
import { type IdentityScene, openIdentityScene } from '../support/identity-scene.ts';

describe('an identity provider that turns its keys', () => {
  let scene: IdentityScene;
  before(async () => {
    scene = await openIdentityScene();
  });
  after(() => scene?.close());

  const put = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await send(scene.gateway.url, 'PUT', '/uploads/k', 'x', headers)).status;
  };

  // Keys are fetched again at most once in 30 s, however many unknown ones are named.
  it('is believed by its new key, and no more by the old one', async () => {
    const { provider } = scene;
    const old = await provider.token();
    assert.equal(await put(old), 200);
    assert.equal(provider.fetches, 1);
    await provider.turn();
    const fresh = await provider.token();
    assert.equal(await put(fresh), 401, 'the cooldown is not over');
    assert.equal(provider.fetches, 1);
    assert.equal(await put(old), 200, 'until its keys are known to have changed');
    await eventually('the new key is believed', async () => ((await put(fresh)) === 200 ? true : undefined), 40);
    assert.equal(provider.fetches, 2);
    assert.equal(await put(old), 401);
  });
});
