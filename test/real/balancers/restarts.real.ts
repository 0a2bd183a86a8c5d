/**
 * Rolling restarts under load: three gateways behind a balancer restart one after the other, and no upload fails. The number of
 * rounds is MIZUCHI_ROLLING_RESTARTS, 1 by default.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { clientOf } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { STORE_BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import { startVersitygw } from '../support/real-stores.ts';
import { StoredObjects } from '../support/stored-objects.ts';
import { startHaproxy, startNginx } from './balancer.ts';
import { startLoad } from './load.ts';

const ROUNDS = Number(process.env.MIZUCHI_ROLLING_RESTARTS ?? 1);
const GATEWAYS = 3;
/** Replacements of all workers, in each round. */
const ROLLS = 3;
const SERVER = { shutdown_delay_seconds: 3, shutdown_timeout_seconds: 30 };

describe('a rolling restart under load', { concurrency: true }, () => {
  for (const [name, start] of Object.entries({ HAProxy: startHaproxy, nginx: startNginx })) {
    it(`fails no upload behind ${name}`, async (t) => {
      const store = await startVersitygw();
      const direct = clientOf(store.url);
      await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
      const folder = await mkdtemp(join(tmpdir(), 'mizuchi-real-'));
      const ports = await freePorts(GATEWAYS);
      const open = async (port: number): Promise<GatewayProcess> => {
        const server = { ...SERVER, address: `127.0.0.1:${port}` };
        const gateway = await startGatewayInFront({ storeUrl: store.url, server });
        await eventually('the gateway is ready', async () => (await fetch(`${gateway.url}/ready`)).ok || undefined);
        return gateway;
      };
      const gateways = await Promise.all(ports.map(open));
      const balancer = await start(ports);
      const load = await startLoad(balancer.url, folder);
      for (let i = 0; i < ROUNDS * GATEWAYS; i++) {
        const which = i % GATEWAYS;
        assert.equal(await gateways[which]!.stop(), 0);
        gateways[which] = await open(ports[which]!);
        await balancer.usesAll();
      }
      await load.stop();
      assert.deepEqual(load.failed, []);
      const stored = new Set(await new StoredObjects(direct, STORE_BUCKET).keys());
      assert.deepEqual(
        load.stored.filter((key) => !stored.has(key)),
        [],
      );
      t.diagnostic(`${load.stored.length} uploads in ${ROUNDS * GATEWAYS} restarts, 0 failed`);
      for (const kind of ['raw0/', 'long0/', 'boto3/', 'aws-cli/'])
        assert.ok(
          load.stored.some((key) => key.startsWith(kind)),
          kind,
        );
      direct.destroy();
      await balancer.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await store.stop();
      await rm(folder, { recursive: true });
    });
  }

  it('fails no upload while all workers of one gateway are replaced, without a balancer', async (t) => {
    const store = await startVersitygw();
    const direct = clientOf(store.url);
    await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-real-'));
    const gateway = await startGatewayInFront({ storeUrl: store.url, server: { workers: 2 } });
    const load = await startLoad(gateway.url, folder);
    for (let i = 0; i < ROLLS * ROUNDS; i++) {
      const { length } = gateway.log;
      gateway.process.kill('SIGUSR2');
      await gateway.logged((line) => gateway.log.indexOf(line) >= length && line.msg === 'all workers replaced');
      // Uploads longer than the replacement itself are in progress.
      const { length: before } = load.stored;
      await eventually('uploads continue', async () => load.stored.length > before + 100 || undefined);
    }
    await load.stop();
    assert.deepEqual(load.failed, []);
    const stored = new Set(await new StoredObjects(direct, STORE_BUCKET).keys());
    assert.deepEqual(
      load.stored.filter((key) => !stored.has(key)),
      [],
    );
    t.diagnostic(`${load.stored.length} uploads while all workers were replaced ${ROLLS * ROUNDS} times, 0 failed`);
    direct.destroy();
    assert.equal(await gateway.stop(), 0);
    await store.stop();
    await rm(folder, { recursive: true });
  });
});
