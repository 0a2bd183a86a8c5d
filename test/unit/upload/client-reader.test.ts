import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Failure } from '../../../src/domain/failure.ts';
import { ClientReader } from '../../../src/upload/client-reader.ts';

describe('ClientReader', () => {
  it('sees that the client had gone before anybody read', async () => {
    const source = new Readable({ read() {} });
    source.destroy();
    await once(source, 'close');
    const transfer = { bytes: 0, clientWaitSeconds: 0, storeWaitSeconds: 0 };
    const failure = await new Promise<Failure>((fail, reject) => {
      const late = (): void => reject(new Error('it waited'));
      new ClientReader(source, 20, transfer, { bytes: late, end: late, fail });
    });
    assert.equal(failure.type, 'client_aborted');
  });
});
