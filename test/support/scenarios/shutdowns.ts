/** Scenarios in which the gateway shuts down. */
import { RawClient } from '../http-client.ts';
import { HALF, type Has, half, leaveWhole, silent, WHOLE, whole } from './requests.ts';
import type { Scenario, World } from './scenario.ts';
import { slowly } from './stores.ts';

const ended = { response: undefined, span: 'error', type: 'shutting_down', side: 'gateway' } as const;
const own = () => ({ server: { shutdown_timeout_seconds: 0.2 } });
const fix = 'raise `server.shutdown_timeout_seconds`';

async function shutDown(world: World, request: string, has: Has): Promise<undefined> {
  const client = await RawClient.connect(world.gateway.url);
  const arrived = world.store.next();
  client.write(request);
  await has(await arrived);
  await world.gateway.close();
}

export const SHUTDOWNS: readonly Scenario[] = [
  {
    what: 'the gateway shuts down in the middle of the body',
    store: () => silent,
    own,
    act: (world) => shutDown(world, HALF, half),
    expected: { ...ended, failed: 's3.upload', outcome: 'not_stored', waitedFor: 'client' },
    fix,
  },
  {
    what: 'the gateway shuts down, and the store does not respond',
    store: () => silent,
    own,
    act: (world) => shutDown(world, WHOLE, whole),
    expected: {
      ...ended,
      failed: 's3.upload',
      reason: 'store_response_unknown',
      outcome: 'unknown',
      waitedFor: 'store',
    },
    fix,
  },
  {
    what: 'the gateway shuts down, and the store has the object',
    store: () => slowly((response) => response.end(), 600),
    own,
    act: (world) => shutDown(world, WHOLE, whole),
    expected: { ...ended, reason: 'succeeded_unheard', outcome: 'stored', waitedFor: 'store' },
    fix,
  },
  {
    what: 'the gateway shuts down after the client has disconnected, and the store does not respond',
    store: () => silent,
    own,
    act: async (world) => {
      await leaveWhole(world);
      await world.gateway.close();
    },
    expected: {
      ...ended,
      failed: 's3.upload',
      reason: 'store_response_unknown',
      outcome: 'unknown',
      waitedFor: 'store',
    },
    fix,
  },
];
