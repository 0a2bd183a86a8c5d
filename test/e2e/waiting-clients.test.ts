/** A completion that takes the store long: the client gets white space, and then what came of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient, send } from '../support/http-client.ts';
import { beginUpload, COMPLETED, CREATED, LIST } from '../support/multipart.ts';
import type { DecodedSpan } from '../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { RawStore } from '../support/raw-store.ts';
import { type LogLine, startGateway, type TestGateway } from '../support/start-gateway.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const SLOW_DOWN = '<Error><Code>SlowDown</Code><Message>later</Message></Error>';

describe('a client that waits for its completion', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  /** White space from the gateway itself. */
  let impatient: TestGateway;
  let completion: (response: ServerResponse) => void;
  let arrived: PromiseWithResolvers<ServerResponse>;
  const clients: RawClient[] = [];

  before(async () => {
    store = await RawStore.start();
    store.behaviour = (request, response) => {
      request.resume();
      request.once('end', () => {
        if (request.url?.includes('uploads')) return void response.end(CREATED);
        arrived.resolve(response);
        completion(response);
      });
    };
    collector = await receiveHttp();
    const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf' };
    const tracing = { enabled: true, otlp, batch: { scheduled_delay_millis: 20 } };
    gateway = await startGateway({ storeUrl: store.url, tracing, upload: { keep_alive_seconds: 3600 } });
    impatient = await startGateway({ storeUrl: store.url, upload: { keep_alive_seconds: 0.02 } });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  after(async () => {
    await Promise.all([gateway.close(), impatient.close()]);
    await Promise.all([store.close(), collector.close()]);
  });

  /** Sends the completion and leaves the store to the test. */
  async function begin({ url }: TestGateway, store: (response: ServerResponse) => void = () => {}) {
    arrived = Promise.withResolvers();
    completion = store;
    const target = await beginUpload(url);
    const client = await RawClient.connect(url);
    clients.push(client);
    client.write(`POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: ${LIST.length}\r\n\r\n${LIST}`);
    return { client, response: await arrived.promise };
  }
  const bodyOf = (received: string): string => received.slice(received.indexOf('\r\n\r\n') + 4);
  /** The document as a client reads it. */
  const unchunked = (received: string): string => {
    let [rest, text] = [bodyOf(received), ''];
    for (;;) {
      const size = Number.parseInt(rest, 16);
      if (!(size > 0)) return text;
      const at = rest.indexOf('\r\n') + 2;
      text += rest.slice(at, at + size);
      rest = rest.slice(at + size + 2);
    }
  };
  const lineOf = async ({ log }: TestGateway, count: number): Promise<LogLine> => {
    const lines = () => log.filter(({ operation }) => operation === 'CompleteMultipartUpload');
    while (lines().length < count) await new Promise(setImmediate);
    return lines().at(-1)!;
  };
  const completions = ({ log }: TestGateway) =>
    log.filter(({ operation }) => operation === 'CompleteMultipartUpload').length;

  it('gets the white space of the store as it comes, with the headers of the store, and then the document', async () => {
    const { client, response } = await begin(gateway);
    response.writeHead(200, { 'x-amz-request-id': 'STORE1', 'x-amz-version-id': 'v1', 'x-internal': 'no' });
    response.write(' ');
    await client.until(/<\?xml[^>]*\?>/);
    assert.match(client.received, /^HTTP\/1.1 200 OK\r\n[^<]*x-amz-version-id: v1\r\n/i);
    assert.match(client.received, /x-amz-request-id: STORE1\r\n/i);
    assert.ok(!/x-internal/i.test(client.received));
    const spaces = () => bodyOf(client.received).match(/1\r\n \r\n/g)?.length ?? 0;
    response.write('\n');
    await client.until(/1\r\n \r\n/);
    assert.equal(spaces(), 1);
    response.end(COMPLETED);
    await client.until(/\r\n0\r\n\r\n/);
    const document = unchunked(client.received);
    assert.match(document, /^<\?xml[^>]*\?>\n <CompleteMultipartUploadResult .*<\/CompleteMultipartUploadResult>$/);
    assert.equal(document.split(DECLARATION).length, 2);
    // The connection goes on.
    client.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until(/"status":"ok"/);
  });

  it('gets it from a store that sends the XML declaration first', async () => {
    const { client, response } = await begin(gateway);
    response.writeHead(200).write(`${DECLARATION}\n`);
    response.write(' ');
    await client.until(/<\?xml[^>]*\?>/);
    response.end(COMPLETED);
    await client.until(/\r\n0\r\n\r\n/);
    assert.match(unchunked(client.received), /<CompleteMultipartUploadResult .*uploads/);
  });

  it('gets white space of the gateway while the store is silent', async () => {
    const { client, response } = await begin(impatient);
    await client.until(/1\r\n \r\n1\r\n \r\n/);
    assert.match(client.received, /^HTTP\/1.1 200 OK\r\n[^<]*x-amz-request-id: [0-9A-F]{16}\r\n/i);
    response.end(COMPLETED);
    await client.until(/\r\n0\r\n\r\n/);
    assert.match(unchunked(client.received), /^<\?xml[^>]*\?>\n +<CompleteMultipartUploadResult /);
  });

  it('gets a later error inside of the 200, and log and trace show both', async () => {
    const before = completions(gateway);
    const { client, response } = await begin(gateway);
    response.writeHead(200).write(' ');
    await client.until(/<\?xml/);
    response.end(SLOW_DOWN);
    await client.until(/\r\n0\r\n\r\n/);
    assert.match(unchunked(client.received), /^<\?xml[^>]*\?>\n<Error><Code>SlowDown<\/Code>.*<\/Error>$/);
    const line = await lineOf(gateway, before + 1);
    assert.deepEqual([line.level, line.status, line.error_code], ['warn', 200, 'SlowDown']);
    const isIt = ({ spanId }: DecodedSpan) => spanId === line.span_id;
    const span = await spanOf(isIt);
    assert.equal(span.status?.code, 2);
    const { 'http.response.status_code': status, 's3.error.code': code } = span.attributes;
    assert.deepEqual([Object.values(status!)[0], Object.values(code!)[0]].map(String), ['200', 'SlowDown']);
  });
  async function openConnections(): Promise<number> {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    return Number(/^mizuchi_connections(?:\{[^}]*\})? (\d+)/m.exec(body)?.[1]);
  }
  async function spanOf(isIt: (span: DecodedSpan) => boolean): Promise<DecodedSpan> {
    for (;;) {
      const found = collector.spans().find(isIt);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('gets an error that comes before the first byte with its own status, be it inside the 200 of the store', async () => {
    for (const [store, status] of [
      [(response: ServerResponse) => void response.writeHead(200).end(SLOW_DOWN), 503],
      [(response: ServerResponse) => void response.writeHead(412).end(), 412],
    ] as const) {
      arrived = Promise.withResolvers();
      completion = store;
      const answer = await send(gateway.url, 'POST', await beginUpload(gateway.url), LIST);
      assert.equal(answer.status, status);
    }
  });

  it('does not abort the completion by disconnecting, and the log has the outcome', async () => {
    for (const [document, expected] of [
      [COMPLETED, ['client_aborted', 'succeeded_unheard']],
      [SLOW_DOWN, ['store_error', undefined]],
    ] as const) {
      const before = completions(gateway);
      const { client, response } = await begin(gateway);
      const closed = once(response, 'close');
      response.writeHead(200).write(' ');
      await client.until(/<\?xml/);
      client.socket.resetAndDestroy(); // one that closes in order may still read
      while ((await openConnections()) > 0);
      assert.ok(!response.destroyed);
      response.end(document);
      await closed;
      assert.ok(response.writableFinished);
      const { status, error_type, error_reason } = await lineOf(gateway, before + 1);
      assert.deepEqual([status, error_type, error_reason], [undefined, ...expected]);
    }
  });
});

describe('a gateway that shuts down', () => {
  it('waits for a completion whose client has disconnected', async () => {
    const store = await RawStore.start();
    const arrived = Promise.withResolvers<ServerResponse>();
    store.behaviour = (request, response) => {
      request.resume();
      if (request.url?.includes('?uploads')) response.end(CREATED);
      else request.once('end', () => arrived.resolve(response));
    };
    const gateway = await startGateway({ storeUrl: store.url, server: { shutdown_timeout_seconds: 60 } });
    const target = await beginUpload(gateway.url);
    const client = await RawClient.connect(gateway.url);
    client.write(`POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: ${LIST.length}\r\n\r\n${LIST}`);
    const response = await arrived.promise;
    client.socket.resetAndDestroy();
    const closed = gateway.close();
    response.writeHead(200).write(' ');
    // As long as a gateway waits that has nothing to wait for but lines of the log.
    await delay(3_500);
    response.end(COMPLETED);
    await closed;
    assert.equal(gateway.log.findLast(({ operation }) => operation !== undefined)?.error_reason, 'succeeded_unheard');
    await store.close();
  });
});

describe('a PUT that the gateway itself completes', () => {
  it('gets no byte before it is complete', async () => {
    const store = await RawStore.start();
    const arrived = Promise.withResolvers<ServerResponse>();
    store.behaviour = (request, response) => {
      request.resume();
      request.once('end', () => {
        response.setHeader('etag', '"5d41402abc4b2a76b9719d911017c592"');
        if (request.method !== 'POST') return void response.end();
        if (request.url?.includes('?uploads')) return void response.end(CREATED);
        arrived.resolve(response);
      });
    };
    const upload = { multipart_threshold: '5MiB', part_size: '5MiB', keep_alive_seconds: 0.01 };
    const gateway = await startGateway({ storeUrl: store.url, upload });
    let answered = false;
    const putting = send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(6 * 1024 ** 2)).finally(() => {
      answered = true;
    });
    const response = await arrived.promise;
    response.writeHead(200).write(' ');
    for (let spaces = 0; spaces < 20; spaces++) {
      response.write(' ');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(answered, false);
    response.end(SLOW_DOWN);
    assert.equal((await putting).status, 503);
    await Promise.all([gateway.close(), store.close()]);
  });
});
