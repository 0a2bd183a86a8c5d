/** Which requests have a log line, and at which level. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { type LogLine, startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('the log', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  after(() => store.close());

  const linesOf = (gateway: TestGateway): LogLine[] => gateway.log.filter(({ message }) => message === 'request');

  /** @returns the lines of these requests, one after the other. */
  async function linesFor(logging: Record<string, unknown>, requests: [method: string, target: string][]) {
    const gateway = await startGateway({ storeUrl: store.url, logging });
    for (const [method, target] of requests) await send(gateway.url, method, target, 'hello');
    await gateway.close();
    return linesOf(gateway);
  }

  it('has a line for each failure, and for none of the successes if success_ratio is 0', async () => {
    const lines = await linesFor({ success_ratio: 0 }, [
      ['PUT', '/uploads/a'],
      ['GET', '/uploads/a'],
      ['PUT', '/uploads/b'],
    ]);
    assert.deepEqual(
      lines.map(({ method, error_type }) => [method, error_type]),
      [['GET', 'method_not_allowed']],
    );
  });

  it('has a line for each request by default', async () => {
    const lines = await linesFor({}, [
      ['PUT', '/uploads/a'],
      ['GET', '/uploads/a'],
    ]);
    assert.deepEqual(
      lines.map(({ method }) => method),
      ['PUT', 'GET'],
    );
  });

  it('has a request for an unknown bucket at info, and other refusals at warn', async () => {
    const lines = await linesFor({}, [
      ['PUT', '/wp-login.php'],
      ['PUT', '/no-such-bucket/k'],
      ['GET', '/uploads/k'],
    ]);
    assert.deepEqual(
      lines.map(({ level, status }) => [level, status]),
      [
        ['info', 404],
        ['info', 404],
        ['warn', 405],
      ],
    );
  });

  it('shows the query of a refused request, without its secrets', async () => {
    const [refused, stored] = await linesFor({}, [
      ['GET', '/uploads?list-type=2&prefix=secret'],
      ['PUT', '/uploads/k?x-id=PutObject'],
    ]);
    assert.equal(refused?.query, 'list-type=2&prefix=REDACTED');
    assert.deepEqual([stored?.status, stored?.query], [200, undefined]);
  });

  it('shows bucket and operation of a refused request', async () => {
    const lines = await linesFor({}, [
      ['GET', '/uploads?list-type=2'],
      ['DELETE', '/uploads/k'],
      ['PUT', '/uploads/a/../k'],
      ['PROPFIND', '/uploads/k'],
      ['PUT', '/nowhere/k'],
    ]);
    assert.deepEqual(
      lines.map(({ bucket, operation }) => [bucket, operation]),
      [
        ['uploads', 'ListObjectsV2'],
        ['uploads', 'DeleteObject'],
        ['uploads', 'PutObject'],
        ['uploads', undefined],
        [undefined, undefined],
      ],
    );
  });
});
