/** The histogram of every request: what was stored, refused and cut, each in its own series. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { it } from 'node:test';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { startGateway } from '../support/start-gateway.ts';

it('the duration of every request is counted once, by bucket, operation, class of the status and error type', async (t) => {
  const store = await RawStore.start();
  const gateway = await startGateway({ storeUrl: store.url });
  t.after(async () => {
    await gateway.close();
    await store.close();
  });
  await send(gateway.url, 'PUT', '/uploads/k', 'hello');
  await send(gateway.url, 'GET', '/uploads/k', '');
  await send(gateway.url, 'PUT', '/no-such-bucket/k', 'hello');
  const { hostname, port } = new URL(gateway.url);
  const client = connect(Number(port), hostname);
  const begun = 'PUT /uploads/cut HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\nhell';
  await new Promise((resolve) => client.write(begun, resolve));
  client.destroy();
  const cut = () => gateway.log.some(({ path }) => path === '/uploads/cut');
  while (!cut()) await new Promise(setImmediate);
  const figure = await readMetrics(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`);
  const count = (labels: string): number => figure('mizuchi_request_duration_seconds_count', labels);
  const labels = (...[bucket, operation, status, error]: string[]): string =>
    `bucket="${bucket}",operation="${operation}",status_class="${status}",error_type="${error}"`;
  assert.equal(count(labels('uploads', 'PutObject', '2xx', 'none')), 1);
  assert.equal(count(labels('none', 'none', '4xx', 'method_not_allowed')), 1);
  assert.equal(count(labels('none', 'none', '4xx', 'no_such_bucket')), 1);
  assert.equal(count(labels('uploads', 'PutObject', 'none', 'client_aborted')), 1);
  assert.equal(figure('mizuchi_request_duration_seconds_count'), 4);
});
