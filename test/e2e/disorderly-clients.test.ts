import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { sealedId } from '../support/sealed-id.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('disorderly clients', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  after(async () => {
    await store.close();
  });

  it('cannot end the process by a CONNECT that is reset', async () => {
    const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 'b' };
    const child = await startGatewayProcess({
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      metrics: { enabled: false },
    });
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(child.url);
      client.socket.write('CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', () => client.socket.resetAndDestroy());
    }
    assert.equal((await send(child.url, 'PUT', '/uploads/k', 'x')).status, 200);
    assert.equal(await child.stop(), 0);
  });

  for (const [what, request] of [
    ['a CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n'],
    ['nonsense', 'nonsense\r\n\r\n'],
  ] as const) {
    it(`cannot hold up the shutdown by ${what} and a connection that they never close`, {
      timeout: 10_000,
    }, async () => {
      const other = await startGateway({ storeUrl: store.url });
      const client = connect({ port: other.app.port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => {}).write(request);
      await once(client, 'data');
      await other.close();
      client.destroy();
      assert.ok(other.log.at(-1)?.error_type);
    });
  }

  it('that use TLS with the plain HTTP port find the cause in the response, and operators in the log', async (t) => {
    const gateway = await startGateway({ storeUrl: store.url });
    t.after(() => gateway.close());
    const client = connectTls({ host: '127.0.0.1', port: gateway.app.port });
    await once(client, 'error').finally(() => client.destroy());
    const raw = await RawClient.connect(gateway.url);
    raw.write(Buffer.from([22, 3, 1, 0, 100, 1, 0, 0, 96]));
    assert.match(
      await raw.closed(),
      /^HTTP\/1\.1 400 InvalidRequest\r\n.*this port does not use TLS\. Use http:\/\/\./s,
    );
    const lines = gateway.log.filter(({ message }) => message === 'request');
    assert.equal(lines.length, 2);
    for (const { error_type, error_detail } of lines) {
      assert.equal(error_type, 'bad_request');
      assert.match(String(error_detail), /^TLS ClientHello on a plain HTTP port: use http:/);
    }
  });

  it('that do not read their responses are disconnected, and logged as aborted', { timeout: 10_000 }, async () => {
    const impatient = await startGateway({ storeUrl: store.url, server: { body_idle_timeout_seconds: 1 } });
    const document = `<ListPartsResult>${'<Part/>'.repeat(100_000)}</ListPartsResult>`;
    store.behaviour = (_, response) => void response.end(document);
    const client = await RawClient.connect(impatient.url);
    client.socket.pause();
    client.write(`GET /uploads/k?uploadId=${sealedId('k', 'store-upload-1')} HTTP/1.1\r\nHost: g\r\n\r\n`.repeat(20));
    const requests = () => impatient.log.filter(({ message }) => message === 'request');
    const cut = () => requests().find(({ error_type }) => error_type === 'client_aborted');
    while (cut() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(cut()?.status, undefined);
    assert.ok(requests().length < 20, 'requests behind it were served to nobody');
    client.destroy();
    store.behaviour = answerWell;
    await impatient.close();
  });

  it('that announce a body with a HEAD get their response without sending it', { timeout: 5_000 }, async () => {
    const other = await startGateway({ storeUrl: store.url });
    const client = await RawClient.connect(other.url);
    client.write('HEAD /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\n');
    await client.until(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\n\r\n/);
    client.destroy();
    await other.close();
  });
});
