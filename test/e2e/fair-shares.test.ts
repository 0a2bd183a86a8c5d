/** What is limited and whose turn it is: uploads, forms, questions to a policy engine, connections to the store. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { FakeEngine } from '../support/fake-engine.ts';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

const SECRET = 'a-secret-of-the-provider-and-the-gateway';
const AUTH = { jwt: { algorithm: 'HS256', secret: SECRET } };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});
function open<T extends { close(): Promise<void> }>(what: T): T {
  opened.push(what);
  return what;
}

const tokenOf = (subject: string): Promise<string> =>
  new SignJWT({ sub: subject }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.from(SECRET));
const putAs = (token: string, key: string): string =>
  `PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5\r\n\r\nhello`;

async function gauge({ app }: TestGateway, name: string): Promise<number | undefined> {
  const { body } = await send(`http://127.0.0.1:${app.metricsPort}`, 'GET', '/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
async function until(gateway: TestGateway, name: string, value: number): Promise<void> {
  while ((await gauge(gateway, name)) !== value) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function start(options: Partial<GatewayOptions> = {}): Promise<{ store: RawStore; gateway: TestGateway }> {
  const store = open(await RawStore.start());
  return { store, gateway: open(await startGateway({ storeUrl: store.url, ...options })) };
}

/** An engine that keeps all questions until they are let go, one after the other, and counts what it is asked at once. */
async function slowEngine() {
  const engine = open(await FakeEngine.start());
  const held: ServerResponse[] = [];
  let most = 0;
  engine.behaviour = (_: IncomingMessage, response: ServerResponse) => {
    held.push(response);
    most = Math.max(most, held.length);
  };
  return { engine, held, most: () => most, answer: () => held.shift()?.end('{"result":true}') };
}
const opaOf = (engine: FakeEngine, more: object = {}) => ({
  opa: { url: engine.url, policy_path: 'mizuchi/allow', timeout_seconds: 60, ...more },
});

const FORM_HEAD =
  'POST /uploads HTTP/1.1\r\nHost: g\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n';

describe('requests that are not judged yet', () => {
  it('are counted while their forms are read, and leave room for others', async () => {
    const { gateway } = await start({ upload: { concurrent_uploads: 4 } });
    const drips = await Promise.all([1, 2, 1, 2].map((i) => RawClient.connect(gateway.url, `127.0.0.${i}`)));
    for (const client of drips) client.write(`${FORM_HEAD}Expect: 100-continue\r\n\r\n--b\r\n`);
    const refused = /HTTP\/1\.1 503 [\s\S]*\r\nretry-after: \d+\r\n[\s\S]*<Code>SlowDown<\/Code>/i;
    while (drips.filter(({ received }) => refused.test(received)).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await until(gateway, 'mizuchi_forms_reading', 2);
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'hello')).status, 200);
    for (const client of drips) client.destroy();
    await until(gateway, 'mizuchi_forms_reading', 0);
    const again = await RawClient.connect(gateway.url);
    again.write(`${FORM_HEAD}Expect: 100-continue\r\n\r\n`);
    await again.until(/^HTTP\/1\.1 100 /);
    again.destroy();
  });

  it('are counted while a policy engine is queried about them', async () => {
    const { engine, held, answer } = await slowEngine();
    const { gateway } = await start({ auth: AUTH, authz: opaOf(engine), upload: { concurrent_uploads: 3 } });
    const token = await tokenOf('anna');
    const clients = await Promise.all([1, 2].map(() => RawClient.connect(gateway.url)));
    for (const [i, client] of clients.entries()) client.write(putAs(token, `k${i}`));
    await until(gateway, 'mizuchi_engine_calls_in_flight', 2);
    const { status, body } = await send(gateway.url, 'PUT', '/uploads/k', 'x', { authorization: `Bearer ${token}` });
    assert.equal(status, 503);
    assert.match(body, /<Code>SlowDown<\/Code>/);
    while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    answer();
    answer();
    for (const client of clients) await client.until(/^HTTP\/1\.1 200 /);
    assert.equal(engine.questions.length, 2);
    for (const client of clients) client.destroy();
  });
});

describe('slots for requests', () => {
  const LIMIT = 20;
  const LEFT = 2; // the reserve

  it('are never all held by one key: no honest key is refused', async () => {
    const { gateway } = await start({ auth: AUTH, upload: { concurrent_uploads: LIMIT } });
    const token = await tokenOf('hostile');
    const hostile = await Promise.all(Array.from({ length: LIMIT }, () => RawClient.connect(gateway.url)));
    for (const [i, client] of hostile.entries()) client.write(headOf(token, `h${i}`));
    const refused = (): RawClient[] => hostile.filter(({ received }) => received.includes('</Error>'));
    while (refused().length < LEFT) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 3 * LIMIT; i++) {
      const again = await RawClient.connect(gateway.url);
      again.write(headOf(token, `again${i}`));
      const authorization = `Bearer ${await tokenOf(`honest-${i}`)}`;
      await again.until(/^HTTP\/1\.1 503 [\s\S]*<Code>SlowDown<[\s\S]*<\/Error>/);
      again.destroy();
      assert.equal((await send(gateway.url, 'PUT', `/uploads/k${i}`, 'hello', { authorization })).status, 200);
    }
    assert.equal(refused().length, LEFT);
    const reasons = gateway.log.filter(({ status }) => status === 503).map(({ error_reason }) => error_reason);
    assert.deepEqual(reasons, Array(LEFT + 3 * LIMIT).fill('too_many_uploads_of_caller'));
    for (const client of hostile) client.destroy();
  });

  it('are counted per address before authentication', async () => {
    const { gateway } = await start({ upload: { concurrent_uploads: LIMIT } });
    const hostile = await Promise.all(Array.from({ length: LIMIT }, () => RawClient.connect(gateway.url, '127.0.0.2')));
    for (const [i, client] of hostile.entries())
      client.write(headOf('none', `h${i}`).replace(/Authorization.*\r\n/, ''));
    while (gateway.log.filter(({ error_reason }) => error_reason === 'too_many_uploads_of_caller').length < LEFT)
      await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < LIMIT; i++)
      assert.equal((await send(gateway.url, 'PUT', `/uploads/k${i}`, 'hello')).status, 200);
    for (const client of hostile) client.destroy();
  });

  it('for forms are never all held by one address: no form of another is refused', async () => {
    const { gateway } = await start({ upload: { concurrent_uploads: LIMIT } });
    const hostile = await Promise.all(Array.from({ length: LIMIT }, () => RawClient.connect(gateway.url, '127.0.0.2')));
    for (const client of hostile) client.write(`${FORM_HEAD}\r\n--b\r\n`);
    while (gateway.log.filter(({ status }) => status === 503).length < LIMIT / 2 + 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await gauge(gateway, 'mizuchi_forms_reading'), LIMIT / 2 - 1);
    for (let i = 0; i < LIMIT; i++) {
      const form = new FormData();
      form.set('key', `k${i}`);
      form.set('file', new Blob(['hello']), 'x');
      assert.equal((await fetch(`${gateway.url}/uploads`, { method: 'POST', body: form })).status, 204);
    }
    for (const client of hostile) client.destroy();
  });
});

describe('a form that finds no slot', () => {
  it('takes the one of the oldest after a while, behind the same address too', async () => {
    const { gateway } = await start({ upload: { concurrent_uploads: 4 } });
    const slow = await RawClient.connect(gateway.url);
    slow.write(`${FORM_HEAD}\r\n--b\r\n`);
    await until(gateway, 'mizuchi_forms_reading', 1);
    const post = async (): Promise<number> => {
      const form = new FormData();
      form.set('key', 'k');
      form.set('file', new Blob(['hello']), 'x');
      return (await fetch(`${gateway.url}/uploads`, { method: 'POST', body: form })).status;
    };
    while ((await post()) !== 204) await new Promise((resolve) => setTimeout(resolve, 50));
    await slow.until(/^HTTP\/1\.1 503 [\s\S]*<Code>SlowDown<[\s\S]*<\/Error>/);
    slow.destroy();
    assert.ok(gateway.log.some(({ error_reason }) => error_reason === 'form_displaced'));
    assert.equal(await gauge(gateway, 'mizuchi_forms_reading'), 0);
  });
});

/** An upload that has sent its headers and the beginning of its body. */
const headOf = (token: string, key: string): string =>
  `PUT /uploads/${key} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\nContent-Length: 60000\r\n\r\nx`;

describe('queries to a policy engine', () => {
  it('have a limit at once, and as many connections; queries of disconnected clients are not sent', async () => {
    const { engine, held, most, answer } = await slowEngine();
    const { gateway } = await start({ auth: AUTH, authz: opaOf(engine, { max_concurrent: 2 }) });
    const clients: RawClient[] = [];
    for (let i = 0; i < 6; i++) {
      const client = await RawClient.connect(gateway.url);
      clients.push(client);
      client.write(putAs(await tokenOf(`subject-${i}`), `k${i}`));
      await until(
        gateway,
        i < 2 ? 'mizuchi_engine_calls_in_flight' : 'mizuchi_engine_calls_waiting',
        (i % 4) + 1 - (i < 2 ? 0 : i < 4 ? 2 : -2),
      );
    }
    clients[4]?.socket.resetAndDestroy();
    await until(gateway, 'mizuchi_engine_calls_waiting', 3);
    for (let answered = 0; answered < 5; ) {
      if (answer() !== undefined) answered++;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const i of [0, 1, 2, 3, 5]) await clients[i]?.until(/^HTTP\/1\.1 200 /);
    assert.deepEqual(
      engine.questions.map(({ body }) => body.input.resource.key),
      ['k0', 'k1', 'k2', 'k3', 'k5'],
    );
    assert.equal(most(), 2);
    assert.equal(held.length, 0);
    assert.equal(await gauge(gateway, 'mizuchi_engine_calls_in_flight'), 0);
    for (const client of clients) client.destroy();
  });
});

/** Honest answers while the engine gives so many, one at a time. @param hostile bytes of each connection of the hostile client. */
async function honestAnswers(engineAnswers: number, hostile: readonly string[]): Promise<number> {
  const engine = await FakeEngine.start();
  const { gateway } = await start({ auth: AUTH, authz: opaOf(engine, { max_concurrent: 8 }) });
  let given = 0;
  let turn = Promise.resolve();
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();
  engine.behaviour = (_, response) => {
    const { subject } = engine.questions.at(-1)!.body.input;
    turn = turn.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (given === engineAnswers) return finish();
      given++;
      response.end(JSON.stringify({ result: subject !== 'hostile' }));
    });
  };
  let honest = 0;
  const clients: RawClient[] = [];
  for (let i = 0; i < 100; i++) {
    const token = await tokenOf(`honest-${i}`);
    const client = await RawClient.connect(gateway.url);
    clients.push(client);
    let sent = 0;
    let answered = 0;
    const next = (): void => client.write(putAs(token, `k${i}-${sent++}`));
    client.socket.on('data', () => {
      const now = client.received.match(/HTTP\/1\.1 200 /g)?.length ?? 0;
      if (now === answered) return;
      answered = now;
      honest++;
      next();
    });
    next();
  }
  for (const bytes of hostile) {
    const client = await RawClient.connect(gateway.url);
    clients.push(client);
    client.write(bytes);
  }
  await over;
  assert.equal(await gauge(gateway, 'mizuchi_authz_breaker_state'), 0);
  for (const client of clients) client.socket.resetAndDestroy();
  await engine.close(); // it owes answers still
  return honest;
}

describe('a hundred honest clients', () => {
  const ROUNDS = 800;
  it('lose less than a tenth of their responses to a hostile one, however many connections it has', {
    timeout: 50_000,
  }, async () => {
    const token = await tokenOf('hostile');
    const flood = (connection: number): string =>
      Array.from({ length: 1_000 }, (_, i) => putAs(token, `denied/${connection}/${i}`)).join('');
    const alone = await honestAnswers(ROUNDS, []);
    assert.ok(alone > ROUNDS * 0.95, `${alone} answers of ${ROUNDS}`);
    for (const connections of [1, 50]) {
      const beside = await honestAnswers(
        ROUNDS,
        Array.from({ length: connections }, (_, i) => flood(i)),
      );
      assert.ok(beside > alone * 0.9, `${beside} of ${alone} answers, beside ${connections} hostile connections`);
    }
  });
});

describe('connections to the store', () => {
  it('are limited, and a large upload sends no byte before one is free', async () => {
    const { store, gateway } = await start({ s3: { max_connections: 2 } });
    const { promise: gate, resolve: go } = Promise.withResolvers<void>();
    let now = 0;
    let most = 0;
    store.behaviour = async (request, response, record) => {
      most = Math.max(most, ++now);
      await gate;
      await answerWell(request, response, record);
      now--;
    };
    const held = [1, 2].map(() => send(gateway.url, 'PUT', '/uploads/k', 'hello'));
    await until(gateway, 'mizuchi_store_connections_in_use', 2);
    const large = await RawClient.connect(gateway.url);
    large.write('PUT /uploads/large HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n');
    await until(gateway, 'mizuchi_store_connections_waiting', 1);
    const leaving = await RawClient.connect(gateway.url);
    leaving.write('PUT /uploads/gone HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\n');
    await until(gateway, 'mizuchi_store_connections_waiting', 2);
    leaving.destroy();
    await until(gateway, 'mizuchi_store_connections_waiting', 1);
    assert.equal(large.received, '');
    go();
    await large.until(/^HTTP\/1\.1 100 /);
    large.write(Buffer.alloc(100_000));
    await large.until(/HTTP\/1\.1 200 /);
    for (const answer of held) assert.equal((await answer).status, 200);
    assert.equal(most, 2);
    assert.equal(store.requests.length, 3);
    await until(gateway, 'mizuchi_store_connections_in_use', 0);
    large.destroy();
  });

  it('are given back by a client that drips while others wait', { timeout: 30_000 }, async () => {
    const { store, gateway } = await start({ s3: { max_connections: 1 } });
    const drips = await RawClient.connect(gateway.url);
    const arrived = store.next();
    drips.write('PUT /uploads/slow HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n');
    drips.write(Buffer.alloc(70_000));
    const slow = await arrived;
    const dripping = setInterval(() => drips.write('x'.repeat(1_000)), 100);
    const { status } = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    clearInterval(dripping);
    assert.equal(status, 200);
    await drips.until(/^HTTP\/1\.1 503 [\s\S]*<Code>SlowDown<\/Code>/);
    await slow.over;
    assert.equal(slow.complete, false);
    assert.ok(gateway.log.some(({ error_reason }) => error_reason === 'slower_than_fair_rate'));
    drips.destroy();
  });

  it('are given to the parts of a large object and to small ones in turn', async () => {
    const MIB = 1024 ** 2;
    const upload = { multipart_threshold: 5 * MIB, part_size: 5 * MIB, concurrent_parts: 4 };
    const { store, gateway } = await start({ s3: { max_connections: 1 }, upload });
    const order: string[] = [];
    const release = Promise.withResolvers<void>();
    store.behaviour = async (request, response, record) => {
      const { searchParams, pathname } = new URL(record.target, store.url);
      order.push(searchParams.get('partNumber') ?? pathname.split('/').at(-1) ?? '');
      if (searchParams.get('partNumber') === '1') await release.promise;
      if (searchParams.has('uploads')) {
        request.resume();
        response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      } else if (searchParams.has('uploadId') && request.method === 'POST') {
        request.resume();
        response.end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
      } else await answerWell(request, response, record);
    };
    const large = send(gateway.url, 'PUT', '/uploads/large', Buffer.alloc(20 * MIB));
    await until(gateway, 'mizuchi_store_connections_waiting', 3);
    const small = send(gateway.url, 'PUT', '/uploads/small', 'hello');
    await until(gateway, 'mizuchi_store_connections_waiting', 4);
    release.resolve();
    assert.deepEqual([(await large).status, (await small).status], [200, 200]);
    assert.deepEqual(order.slice(0, 4), ['large', '1', '2', 'small']);
  });
});

describe('the trace of a request that waited for others', () => {
  it('shows its reason and its duration on the span that begins after it', async () => {
    const collector: OtlpReceiver = open(await receiveHttp());
    const { engine, held, answer } = await slowEngine();
    const { store, gateway } = await start({
      auth: AUTH,
      authz: opaOf(engine, { max_concurrent: 1 }),
      s3: { max_connections: 1 },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
    const { promise: gate, resolve: go } = Promise.withResolvers<void>();
    store.behaviour = async (request, response, record) => {
      await gate;
      await answerWell(request, response, record);
    };
    const [anna, ben] = await Promise.all([RawClient.connect(gateway.url), RawClient.connect(gateway.url)]);
    anna.write(putAs(await tokenOf('anna'), 'a') + putAs(await tokenOf('anna'), 'c'));
    await until(gateway, 'mizuchi_engine_calls_in_flight', 1);
    ben.write(putAs(await tokenOf('ben'), 'b'));
    await until(gateway, 'mizuchi_engine_calls_waiting', 1);
    const answering = setInterval(() => held.length > 0 && answer(), 1);
    await until(gateway, 'mizuchi_store_connections_waiting', 1);
    go();
    await Promise.all([anna.until(/200 [\s\S]*HTTP\/1\.1 200 /), ben.until(/ 200 /)]);
    clearInterval(answering);
    await gateway.close();
    const spans = collector.spans();
    for (const name of ['authz.queue_seconds', 's3.queue_seconds', 'http.request.turn_wait_seconds']) {
      const waits = spans.map(({ attributes }) => (attributes[name] as { double?: number } | undefined)?.double ?? 0);
      assert.ok(Math.max(...waits) > 0, name);
    }
    for (const client of [anna, ben]) client.destroy();
  });
});
