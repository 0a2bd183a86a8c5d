/** Scenarios of uploads that succeed and are slow: the trace says where the time passed. */
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient } from '../http-client.ts';
import { COMPLETED } from '../multipart.ts';
import { answering, answerWell } from '../raw-store.ts';
import { jwtOf, opaOf, s3Of } from './buckets.ts';
import { exchange, MIB, ONE_AT_A_TIME, ofOther, put, UNDECLARED } from './requests.ts';
import type { ExpectedWait, Received, Scenario, World } from './scenario.ts';
import { firstThen, inParts, refusing, slowly } from './stores.ts';

const SLOW_MILLIS = 800;

async function putWithToken(world: World, path: string): Promise<Received> {
  return exchange(world, 'PUT', path, 'hello', { authorization: `Bearer ${await world.provider.token()}` });
}

async function putSlowly({ gateway }: World): Promise<Received> {
  const client = await RawClient.connect(gateway.url);
  client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhe');
  await delay(SLOW_MILLIS);
  client.write('llo');
  const [, status] = await client.until(/^HTTP\/1\.1 (\d+)/);
  client.destroy();
  return status;
}

export const SLOW_UPLOADS: readonly Scenario<ExpectedWait>[] = [
  {
    what: 'the client sends slowly',
    act: putSlowly,
    expected: { response: '200', side: 'client', slow: ['client'] },
    fix: 'the client, or the network before the gateway',
  },
  {
    what: 'the store responds slowly',
    store: () => slowly((response) => response.end(), SLOW_MILLIS),
    act: put,
    expected: { response: '200', side: 'store', slow: ['store'] },
  },
  {
    what: 'the store fails once, and the gateway sends the part again',
    store: () => inParts(firstThen(refusing(500, 'InternalError'), answerWell), answering(200, COMPLETED)),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: { response: '200', side: 'store', slow: ['retry'] },
  },
  {
    what: 'all connections to the store are in use',
    store: () =>
      firstThen(
        slowly((response) => response.end(), SLOW_MILLIS),
        answerWell,
      ),
    own: ({ store }) => ({ s3: { ...s3Of({ store }), max_connections: 1 } }),
    act: async (world) => {
      const arrived = world.store.next();
      const other = exchange(world, 'PUT', '/uploads/other', 'hello');
      await arrived;
      const received = await put(world);
      await other;
      return received;
    },
    expected: { response: '200', side: 'gateway', slow: ['connection'] },
    fix: 'raise `s3.max_connections`, or look for a slow store: [sizing](sizing.md)',
  },
  {
    what: 'the part memory is in use',
    store: () =>
      inParts(
        firstThen(
          slowly((response) => response.writeHead(200, { etag: '"a"' }).end(), SLOW_MILLIS),
          answerWell,
        ),
        answering(200, COMPLETED),
      ),
    own: () => ({ upload: { ...ONE_AT_A_TIME, concurrent_parts: 1 } }),
    act: async (world) => {
      const other = await RawClient.connect(world.gateway.url);
      const arrived = world.store.next();
      other.write(ofOther(UNDECLARED));
      await arrived;
      const client = await RawClient.connect(world.gateway.url);
      client.write(UNDECLARED);
      const [, status] = await client.until(/^HTTP\/1\.1 (\d+)/);
      for (const each of [other, client]) each.destroy();
      return status;
    },
    expected: { response: '200', side: 'gateway', slow: ['memory'] },
    fix: 'raise `upload.memory_limit`, or look for a slow store: [sizing](sizing.md)',
  },
  {
    what: 'the policy engine responds slowly',
    act: (world) => {
      world.engine.behaviour = (_, response) =>
        void setTimeout(
          () => response.setHeader('content-type', 'application/json').end('{"result":true}'),
          SLOW_MILLIS,
        );
      return putWithToken(world, '/governed/k');
    },
    expected: { response: '200', side: 'gateway', slow: ['engine'] },
    fix: 'the operator of the policy engine; `cache_ttl_seconds` saves queries',
  },
  {
    what: 'the limit of authorization queries in flight is reached',
    own: ({ provider, engine }) => ({
      auth: jwtOf(provider.jwksUrl),
      authz: { opa: { ...opaOf(engine.url).opa, max_concurrent: 1 } },
    }),
    act: async (world) => {
      const { promise: arrived, resolve } = Promise.withResolvers<void>();
      world.engine.behaviour = (_, response) => {
        world.engine.behaviour = undefined;
        resolve();
        setTimeout(() => response.end('{"result":true}'), SLOW_MILLIS);
      };
      const other = putWithToken(world, '/uploads/other');
      await arrived;
      const received = await putWithToken(world, '/uploads/k');
      await other;
      return received;
    },
    expected: { response: '200', side: 'gateway', slow: ['engine_line'] },
    fix: 'raise `authz.*.max_concurrent`, or look for a slow policy engine',
  },
  {
    what: 'the identity provider responds slowly',
    own: ({ provider }) => ({ auth: jwtOf(provider.jwksUrl) }),
    act: (world) => {
      const { provider } = world;
      provider.behaviour = (request, response) => {
        provider.behaviour = undefined;
        setTimeout(() => provider.respond(request, response), SLOW_MILLIS);
      };
      return putWithToken(world, '/uploads/k');
    },
    expected: { response: '200', side: 'gateway', slow: ['identity_provider'] },
    fix: 'the operator of the identity provider',
  },
];
