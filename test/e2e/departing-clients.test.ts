/** Clients disconnect at the end of their bodies: the outcome in the log is the outcome at the store, and nothing stays in flight. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { readMetrics } from '../support/read-metrics.ts';
import { startGateway } from '../support/start-gateway.ts';

const ROUNDS = 6;
const AT_ONCE = 20;
/** Collected, streamed, spliced, and of undeclared length. */
const BODIES = [5, 200_000, 70_000, 400_000].flatMap((size) => {
  const body = 'x'.repeat(size);
  return [
    `Content-Length: ${size}\r\n\r\n${body}`,
    `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ];
});
/** Pumped. */
const SUMMED = Buffer.alloc(500_000, 'x');
const sha256 = createHash('sha256').update(SUMMED).digest('hex');
BODIES.push(`x-amz-content-sha256: ${sha256}\r\nContent-Length: ${SUMMED.length}\r\n\r\n${SUMMED}`);

it('uploads of departing clients have the outcome that the store has', { timeout: 60_000 }, async () => {
  const store = await RawStore.start();
  store.behaviour = (request, response) => {
    request.resume();
    request.once('end', () => setTimeout(() => response.end(), 30));
  };
  const gateway = await startGateway({ storeUrl: store.url });
  const leave = async (number: number, key: string): Promise<void> => {
    const client = await RawClient.connect(gateway.url);
    const head = `PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\n`;
    await new Promise((resolve) => client.socket.write(`${head}${BODIES[number % BODIES.length]}`, resolve));
    await new Promise((resolve) => setTimeout(resolve, number % 25));
    client.socket.resetAndDestroy();
  };
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => leave(i, `${round}-${i}`)));

  const metrics = `http://127.0.0.1:${gateway.app.metricsPort}/metrics`;
  while ((await readMetrics(metrics))('mizuchi_uploads_in_flight') > 0) await new Promise((r) => setTimeout(r, 20));
  await Promise.all(store.requests.map(({ over }) => over));
  const outcomes = new Map(gateway.log.map(({ path, outcome }) => [path, outcome]));
  for (const { target, complete } of store.requests) {
    const outcome = outcomes.get(target.replace('/my-bucket/', '/uploads/'));
    assert.equal(outcome, complete ? 'stored' : 'not_stored', target);
  }
  assert.ok([...outcomes.values()].includes('stored'));
  assert.equal((await send(gateway.url, 'PUT', '/uploads/last', 'x')).status, 200);
  await gateway.close();
  await store.close();
});
