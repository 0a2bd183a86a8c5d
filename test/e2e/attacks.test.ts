import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { type Answer, chunkedHeaders, RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const JWT_SECRET = 'a-secret-as-long-as-the-hash-of-HS256';

const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

async function tokenOf(subject: string): Promise<string> {
  const token = new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject(subject).setExpirationTime('1h');
  return token.sign(Buffer.from(JWT_SECRET));
}

async function untilLogged({ log }: TestGateway, errorType: string): Promise<void> {
  while (!log.some(({ error_type }) => error_type === errorType)) await new Promise((resolve) => setImmediate(resolve));
}

/** A policy engine that allows objects of up to ten bytes, and remembers what it was told of them. */
class TenBytes {
  readonly sizes: unknown[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const { input } = (await json(request)) as { input: { context: { size?: number } } };
    const { size } = input.context;
    this.sizes.push(size);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ result: size !== undefined && size <= 10 }));
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe('a client that declares a false size to the policy engine', () => {
  const engine = new TenBytes();
  let store: RawStore;
  let gateway: TestGateway;
  let authorization: string;

  before(async () => {
    store = await RawStore.start();
    const url = await engine.start();
    gateway = await startGateway({
      storeUrl: store.url,
      auth: { jwt: { algorithm: 'HS256', secret: JWT_SECRET } },
      authz: { opa: { url, policy_path: 'mizuchi/allow' } },
    });
    authorization = `Bearer ${await tokenOf('alice')}`;
  });
  beforeEach(() => {
    store.requests.length = 0;
    engine.sizes.length = 0;
  });
  after(async () => {
    await gateway.close();
    engine.close();
    await store.close();
  });

  for (const claimed of ['1', '', '0x1', '-1']) {
    it(`is judged by Content-Length where the body has no framing, not by ${JSON.stringify(claimed)}`, async () => {
      const headers = { authorization, 'x-amz-decoded-content-length': claimed };
      const answer = await send(gateway.url, 'PUT', '/uploads/big', 'x'.repeat(100), headers);
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
      assert.deepEqual(engine.sizes, [100]);
      assert.deepEqual(store.requests, []);
    });
  }

  it('is believed about a framed body, and refused when more bytes come', async () => {
    const headers = { authorization, ...chunkedHeaders(1) };
    const body = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';
    const answer = await send(gateway.url, 'PUT', '/uploads/framed', body, headers);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'IncompleteBody']);
    assert.deepEqual(engine.sizes, [1]);
    assert.deepEqual(store.requests, []);
  });

  it('has no size where a framed body does not declare a number', async () => {
    const headers = { authorization, ...chunkedHeaders(1), 'x-amz-decoded-content-length': '1e0' };
    const answer = await send(gateway.url, 'PUT', '/uploads/framed', '0\r\n\r\n', headers);
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'AccessDenied']);
    assert.deepEqual(engine.sizes, [undefined]);
  });
});

describe('a client that smuggles headers through the query of a presigned URL', () => {
  for (const pair of ['X-Amz-Meta-A=%0d%0ax-amz-acl:%20public-read', 'X-Amz-Meta-%0d%0aA=b', 'X-Amz-Meta-A=%00']) {
    it(`gets this error, and not one of the store: ${pair}`, async (t) => {
      const store = await RawStore.start();
      t.after(() => store.close());
      const gateway = await startGateway({ storeUrl: store.url });
      t.after(() => gateway.close());
      const answer = await send(gateway.url, 'PUT', `/uploads/k?X-Amz-Signature=1&${pair}`, 'x');
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'InvalidArgument']);
      assert.deepEqual(store.requests, []);
    });
  }
});

describe('a client that goes away while it is judged', () => {
  it('is not counted as an error of the policy engine, and leaves nothing running', async (t) => {
    const store = await RawStore.start();
    t.after(() => store.close());
    const engine = createServer();
    engine.listen(0, '127.0.0.1');
    await once(engine, 'listening');
    t.after(() => {
      engine.close();
      engine.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const opa = { url, policy_path: 'mizuchi/allow', timeout_seconds: 60 };
    const gateway = await startGateway({ storeUrl: store.url, authz: { opa } });
    t.after(() => gateway.close());
    const metrics = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`)).text();

    const client = await RawClient.connect(gateway.url);
    const asked = once(engine, 'request');
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1\r\n\r\nx');
    const [, unanswered] = (await asked) as [unknown, ServerResponse];
    client.socket.resetAndDestroy();
    await untilLogged(gateway, 'client_aborted');
    assert.match(await metrics(), /^mizuchi_uploads_in_flight 0$/m);
    unanswered.end('{"result":true}');

    engine.on('request', (_, response) => response.end('{"result":true}'));
    assert.equal((await send(gateway.url, 'PUT', '/uploads/other', 'x')).status, 200);
    assert.deepEqual((await metrics()).match(/^mizuchi_authz_decisions_total\{.*/gm), [
      'mizuchi_authz_decisions_total{bucket="uploads",engine="opa",decision="allow"} 1',
    ]);
    assert.equal(store.requests.length, 1);
  });
});

describe('a client that knows a query for which the policy contradicts itself', () => {
  // As OPA v1.22 answers, shortened.
  const CONTRADICTION = {
    code: 'internal_error',
    message: 'error(s) occurred while evaluating query',
    errors: [{ code: 'eval_conflict_error', message: 'rule data.m.allow produced conflicting values' }],
  };

  it('is refused, and cannot open the breaker for the others', async (t) => {
    const store = await RawStore.start();
    t.after(() => store.close());
    const engine = createServer(async (request, response) => {
      const { input } = (await json(request)) as { input: { subject: string } };
      if (input.subject === 'alice') response.end('{"result":true}');
      else response.writeHead(500).end(JSON.stringify(CONTRADICTION, null, 2));
    });
    engine.listen(0, '127.0.0.1');
    await once(engine, 'listening');
    t.after(() => {
      engine.close();
      engine.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const auth = { jwt: { algorithm: 'HS256', secret: JWT_SECRET } };
    const authz = { opa: { url, policy_path: 'm/allow' } };
    const gateway = await startGateway({ storeUrl: store.url, auth, authz });
    t.after(() => gateway.close());
    const putAs = async (subject: string): Promise<number> => {
      const authorization = `Bearer ${await tokenOf(subject)}`;
      return (await send(gateway.url, 'PUT', '/uploads/k', 'x', { authorization })).status;
    };
    for (let i = 0; i < 10; i++) assert.equal(await putAs('mallory'), 503);
    assert.equal(gateway.log.findLast(({ status }) => status === 503)?.error_reason, 'engine_failed');
    assert.deepEqual(store.requests, []);
    assert.equal(await putAs('alice'), 200);
  });
});
