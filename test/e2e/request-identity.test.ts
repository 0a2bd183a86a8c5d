/** What spans and log lines tell of a request itself: its ids, the address that it was sent to, and its line where it cannot be parsed. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { attributesOf } from '../support/request-trace.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

describe('a request', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    gateway = await startGateway({
      storeUrl: store.url,
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 20 },
      },
    });
  });
  beforeEach(() => {
    store.behaviour = answerWell;
  });
  after(async () => {
    await gateway.close();
    await Promise.all([store.close(), collector.close()]);
  });

  const line = () => gateway.log.findLast(({ message }) => message === 'request')!;
  const root = async (): Promise<Record<string, unknown>> => {
    const { span_id } = line();
    const mine = () => collector.spans().find(({ spanId }) => spanId === span_id);
    await collector.until(() => mine() !== undefined);
    return attributesOf(mine());
  };
  const raw = async (bytes: string): Promise<string> => {
    const client = await RawClient.connect(gateway.url);
    client.write(bytes);
    return client.closed();
  };

  it('has both ids in the log line, and the client has that of the store', async () => {
    const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    assert.equal(headers['x-amz-request-id'], 'STORE0001');
    assert.equal(line().store_request_id, 'STORE0001');
    assert.match(String(line().request_id), /^[0-9A-F]{16}$/);
  });

  it('has both ids in the log line also if the store reports an error', async () => {
    const document = '<Error><Code>InvalidArgument</Code><Message>no</Message></Error>';
    store.behaviour = answering(400, document, { 'x-amz-request-id': 'STORE0002' });
    const { headers } = await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    assert.equal(headers['x-amz-request-id'], 'STORE0002');
    assert.equal(line().store_request_id, 'STORE0002');
    assert.match(String(line().request_id), /^[0-9A-F]{16}$/);
  });

  it('has one id of a store that sends it twice', async () => {
    store.behaviour = (request, response) => {
      request
        .resume()
        .once('end', () => response.writeHead(200, ['x-amz-request-id', 'A', 'x-amz-request-id', 'A']).end());
    };
    await send(gateway.url, 'PUT', '/uploads/k', 'hello');
    assert.equal(line().store_request_id, 'A');
  });

  it('has no id of a store that got no request', async () => {
    const { headers } = await send(gateway.url, 'GET', '/uploads/k');
    assert.equal(headers['x-amz-request-id'], line().request_id);
    assert.equal(line().store_request_id, undefined);
  });

  const ADDRESSES = [
    ['uploads.example.com:9443', 'uploads.example.com', '9443'],
    ['uploads.example.com', 'uploads.example.com', '80'],
    ['[::1]:8080', '[::1]', '8080'],
  ] as const;
  for (const [host, address, port] of ADDRESSES) {
    it(`has address and port of Host: ${host}`, async () => {
      await send(gateway.url, 'PUT', '/uploads/k', 'hello', { host });
      const attributes = await root();
      assert.deepEqual([attributes['server.address'], attributes['server.port']], [address, port]);
    });
  }

  it('has the address of the gateway without Host', async () => {
    await raw('PUT /uploads/k HTTP/1.0\r\nContent-Length: 0\r\n\r\n');
    const attributes = await root();
    assert.deepEqual(
      [attributes['server.address'], attributes['server.port']],
      ['127.0.0.1', new URL(gateway.url).port],
    );
  });

  it('shows its line, peer and addresses if its headers cannot be parsed', async () => {
    await raw('PUT /uploads/a?X-Amz-Signature=abc HTTP/1.1\r\nHost: g\r\nbad header\r\n\r\n');
    const attributes = await root();
    const { 'http.request.method': method, 'url.path': path, 'url.query': query } = attributes;
    assert.deepEqual([method, path, query], ['PUT', '/uploads/a', 'X-Amz-Signature=REDACTED']);
    assert.equal(attributes['network.protocol.version'], '1.1');
    assert.equal(attributes['server.port'], new URL(gateway.url).port);
    assert.ok(Number(attributes['network.peer.port']) > 0);
    assert.deepEqual([line().method, line().path, line().query], ['PUT', '/uploads/a', 'X-Amz-Signature=REDACTED']);
  });

  for (const rest of ['Host: elsewhere:443', 'bad header'])
    it(`shows the method and the authority of a CONNECT with ${rest}`, async () => {
      await raw(`CONNECT elsewhere:443 HTTP/1.1\r\n${rest}\r\n\r\n`);
      const attributes = await root();
      assert.equal(attributes['http.request.method'], 'CONNECT');
      assert.deepEqual([attributes['server.address'], attributes['server.port']], ['elsewhere', '443']);
    });

  for (const start of [
    'CONNECT bob:hunter2@h:443',
    'GET bob:hunter2@h:443',
    'GET http:bob:hunter2@h/',
    'GET http://bob:hunter2@h/',
  ])
    it(`shows no password of its target: ${start}`, async () => {
      await raw(`${start} HTTP/1.1\r\nHost: g\r\nbad header\r\n\r\n`);
      const attributes = await root();
      assert.equal(attributes['http.request.method'], start.split(' ')[0]);
      assert.doesNotMatch(JSON.stringify([attributes, line()]), /hunter2|bob/);
    });

  it('shows no line that is not its own', async () => {
    const client = await RawClient.connect(gateway.url);
    client.write(
      'PUT /uploads/first HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhelloNONSENSE\r\nbad header\r\n\r\n',
    );
    await client.closed();
    const refused = gateway.log.findLast(({ error_type }) => error_type === 'bad_request')!;
    assert.deepEqual([refused.method, refused.path], ['', '']);
  });
});
