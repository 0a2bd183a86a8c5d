/** A process without file descriptors: it logs and counts it once, and when there are some again. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { startGatewayWithDescriptors } from '../support/gateway-process.ts';
import { RawClient } from '../support/http-client.ts';
import { readMetrics } from '../support/read-metrics.ts';

const MOST = 128;
const skip = existsSync('/proc/self/fd') ? false : 'this system has no procfs';

it('a gateway that runs out of file descriptors reports it', { skip, timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
  const file = join(folder, 'config.yaml');
  const s3 = { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:9', access_key: 'a', secret_key: 'b' };
  const config = { server: { address: '127.0.0.1:0' }, buckets: [{ name: 'uploads', s3 }], metrics: { port: 0 } };
  await writeFile(file, JSON.stringify(config));
  const gateway = await startGatewayWithDescriptors(file, MOST);
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await gateway.stop();
    await rm(folder, { recursive: true });
  });
  for (let i = 0; i < MOST; i++) clients.push(await RawClient.connect(gateway.url));
  const line = await gateway.logged(({ msg }) => String(msg).startsWith('file descriptors are exhausted'));
  assert.deepEqual([line.level, line.limit], ['error', MOST]);
  assert.match(String(line.hint), /LimitNOFILE/);
  for (const client of clients.splice(0)) client.destroy();
  await gateway.logged(({ msg }) => msg === 'file descriptors are available again');
  const figure = await readMetrics(gateway.metricsUrl);
  assert.equal(figure('mizuchi_file_descriptors_exhausted_total'), 1);
  assert.equal(gateway.log.filter(({ msg }) => String(msg).startsWith('file descriptors are exhausted')).length, 1);
});
