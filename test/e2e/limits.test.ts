/** What a client may take of the gateway: every limit of the configuration, from the outside. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { type Answer, RawClient, send } from '../support/http-client.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/start-gateway.ts';

const MIB = 1024 ** 2;
const codeOf = ({ body }: Answer): string | undefined => /<Code>([^<]+)<\/Code>/.exec(body)?.[1];

describe('a limit', () => {
  let store: RawStore;
  before(async () => {
    store = await RawStore.start();
  });
  beforeEach(() => {
    store.requests.length = 0;
    store.behaviour = answerWell;
  });
  after(() => store.close());

  async function gatewayWith(t: TestContext, options: Partial<GatewayOptions>): Promise<TestGateway> {
    const gateway = await startGateway({ storeUrl: store.url, ...options });
    t.after(() => gateway.close());
    return gateway;
  }
  async function metricOf(gateway: TestGateway, sample: string): Promise<number | undefined> {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    const line = body.split('\n').find((each) => each.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length));
  }
  const connectTo = (gateway: TestGateway, count: number): Promise<RawClient[]> =>
    Promise.all(Array.from({ length: count }, () => RawClient.connect(gateway.url)));

  it('of the time for headers ends 200 slow connections, and not the upload next to them', async (t) => {
    const gateway = await gatewayWith(t, { server: { header_timeout_seconds: 0.5 } });
    const uploading = await RawClient.connect(gateway.url);
    uploading.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nhello');
    const slow = await connectTo(gateway, 200);
    for (const [i, client] of slow.entries()) if (i % 2 === 0) client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nX-');
    for (const client of slow) assert.match(await client.closed(), /^$|^HTTP\/1\.1 408 [\s\S]*<Code>RequestTimeout</);
    uploading.write('world');
    await uploading.until(/^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(
      store.requests.map(({ body }) => body.toString()),
      ['helloworld'],
    );
    uploading.destroy();
    assert.equal(await metricOf(gateway, 'mizuchi_refused_requests_total{result="header_timeout"}'), 200);
  });

  it('of the size of headers can be lower and higher than its default', async (t) => {
    const strict = await gatewayWith(t, { server: { max_header_size: '4KiB' } });
    const generous = await gatewayWith(t, { server: { max_header_size: '64KiB' } });
    const put = (gateway: TestGateway, bytes: number): Promise<Answer> =>
      send(gateway.url, 'PUT', '/uploads/k', 'x', { 'x-filler': 'a'.repeat(bytes) });
    assert.equal((await put(strict, 3_000)).status, 200);
    assert.deepEqual([(await put(strict, 5_000)).status, (await put(generous, 50_000)).status], [431, 200]);
  });

  it('of the number of headers does not hide the last ones', async (t) => {
    const gateway = await gatewayWith(t, { server: { max_header_size: '64KiB' } });
    const client = await RawClient.connect(gateway.url);
    const many = Array.from({ length: 3_000 }, (_, i) => `x-${i}: 1\r\n`).join('');
    client.write(
      `PUT /uploads/k HTTP/1.1\r\nHost: g\r\n${many}Content-Length: 5\r\nx-amz-acl: public-read\r\n\r\nhello`,
    );
    await client.until(/<\/Error>/);
    assert.match(client.received, /^HTTP\/1\.1 4\d\d /);
    client.destroy();
    assert.deepEqual(store.requests, []);
  });

  it('of connections closes one more, which is counted, and takes the next when there is room', async (t) => {
    const gateway = await gatewayWith(t, { server: { max_connections: 2 } });
    const held = await connectTo(gateway, 2);
    for (const client of held) client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\n\r\n');
    for (const tooMany of await connectTo(gateway, 60)) assert.equal(await tooMany.closed(), '');
    const refused = 'mizuchi_refused_connections_total{reason="too_many_connections"}';
    assert.deepEqual([await metricOf(gateway, refused), await metricOf(gateway, 'mizuchi_connections')], [60, 2]);
    const said = gateway.log.filter(({ problem }) => problem === 'too_many_connections').length;
    assert.ok(said >= 20 && said < 60, `${said} lines: 20 a second`);
    held[0]!.write('x');
    await held[0]!.until(/^HTTP\/1\.1 200 /);
    held[0]!.socket.end();
    await held[0]!.closed();
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'next')).status, 200);
    held[1]!.destroy();
  });

  it('of slowness ends a body that drips', async (t) => {
    const gateway = await gatewayWith(t, { server: { body_idle_timeout_seconds: 0.3, minimum_rate: '1KiB' } });
    const client = await RawClient.connect(gateway.url);
    client.write('PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => client.write('.'), 20);
    t.after(() => clearInterval(drip));
    await client.until(/^HTTP\/1\.1 408 [\s\S]*<Code>RequestTimeout<[\s\S]*<\/Error>/);
    client.destroy();
    const { error_type, error_reason, bytes } = gateway.log.at(-1)!;
    assert.deepEqual([error_type, error_reason], ['client_stalled', 'below_minimum_rate']);
    assert.ok(Number(bytes) > 1, 'it was no standstill');
  });

  it('of slowness ends a form that drips before its file, and in a small file', async (t) => {
    const gateway = await gatewayWith(t, { server: { body_idle_timeout_seconds: 0.3, minimum_rate: '1KiB' } });
    const file =
      'Content-Disposition: form-data; name="key"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n';
    for (const begun of ['', file]) {
      const client = await RawClient.connect(gateway.url);
      const type = 'multipart/form-data; boundary=b';
      client.write(
        `POST /uploads HTTP/1.1\r\nHost: g\r\nContent-Type: ${type}\r\nContent-Length: 60000\r\n\r\n--b\r\n${begun}`,
      );
      const drip = setInterval(() => client.write('.'), 20);
      t.after(() => clearInterval(drip));
      await client.until(/^HTTP\/1\.1 408 [\s\S]*<Code>RequestTimeout<[\s\S]*<\/Error>/);
      clearInterval(drip);
      client.destroy();
      const { error_type, error_reason } = gateway.log.at(-1)!;
      assert.deepEqual([error_type, error_reason], ['client_stalled', 'below_minimum_rate']);
    }
  });

  it('of the wait for memory sends the next upload away, once it needs some', async (t) => {
    const upload = { memory_limit: '8MiB', part_size: '5MiB', max_object_size: '1GiB', memory_wait_seconds: 0.2 };
    const gateway = await gatewayWith(t, { upload });
    const head = 'PUT /uploads/k HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n';
    const [first, second] = (await connectTo(gateway, 2)) as [RawClient, RawClient];
    for (const client of [first, second]) {
      client.write(head);
      await client.until(/^HTTP\/1\.1 100 Continue\r\n/);
    }
    const bytes = Buffer.alloc(3 * MIB);
    first.write(`${bytes.length.toString(16)}\r\n`);
    first.write(bytes);
    const reserved = 5 * MIB - 64 * 1024;
    while ((await metricOf(gateway, 'mizuchi_part_memory_bytes')) !== reserved);
    second.write(`${bytes.length.toString(16)}\r\n`);
    second.write(bytes);
    await second.until(/\r\nHTTP\/1\.1 503 [\s\S]*\r\nretry-after: \d+\r\n[\s\S]*<Code>SlowDown<[\s\S]*<\/Error>/i);
    const { error_type, error_reason } = gateway.log.at(-1)!;
    assert.deepEqual([error_type, error_reason], ['overloaded', 'no_part_memory']);
    assert.equal(await metricOf(gateway, 'mizuchi_part_memory_refusals_total{reason="no_part_memory"}'), 1);
    first.write('\r\n0\r\n\r\n');
    await first.until(/\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.equal(await metricOf(gateway, 'mizuchi_part_memory_bytes'), 0);
    for (const client of [first, second]) client.destroy();
  });

  it('of the length of a key counts its bytes, in paths and in forms', async (t) => {
    const gateway = await gatewayWith(t, { upload: { max_key_length: 10 } });
    const put = (key: string): Promise<Answer> => send(gateway.url, 'PUT', `/uploads/${encodeURIComponent(key)}`, 'x');
    assert.equal((await put('a'.repeat(10))).status, 200);
    const refused = await put('ä'.repeat(6));
    assert.deepEqual([refused.status, codeOf(refused)], [400, 'KeyTooLongError']);
    const form = new FormData();
    form.set('key', 'a'.repeat(11));
    form.set('file', new Blob(['x']));
    const answer = await fetch(`${gateway.url}/uploads`, { method: 'POST', body: form });
    assert.match(await answer.text(), /<Code>KeyTooLongError</);
    assert.equal(store.requests.length, 1);
  });

  it('of the size of a part is its own', async (t) => {
    const gateway = await gatewayWith(t, { upload: { max_part_size: '5MiB', max_object_size: '1MiB' } });
    const answers = new Map<string, Answer>();
    const id = /<UploadId>([^<]+)</;
    store.behaviour = (request, response, record) => {
      if (request.method !== 'POST') return answerWell(request, response, record);
      const body = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
    };
    const uploadId = id.exec((await send(gateway.url, 'POST', '/uploads/k?uploads', '')).body)![1];
    for (const [what, path, size] of [
      ['object', '/uploads/k', MIB + 1],
      ['part', `/uploads/k?partNumber=1&uploadId=${uploadId}`, 5 * MIB],
      ['large part', `/uploads/k?partNumber=1&uploadId=${uploadId}`, 5 * MIB + 1],
    ] as const)
      answers.set(what, await send(gateway.url, 'PUT', path, Buffer.alloc(size)));
    assert.deepEqual(
      [...answers].map(([what, answer]) => [what, answer.status, codeOf(answer)]),
      [
        ['object', 400, 'EntityTooLarge'],
        ['part', 200, undefined],
        ['large part', 400, 'EntityTooLarge'],
      ],
    );
    const messageOf = (what: string) => /<Message>([^<]+)</.exec(answers.get(what)!.body)?.[1];
    assert.equal(
      messageOf('object'),
      'The object is larger than upload.max_object_size of this gateway, 1048576 bytes. A multipart upload may be larger.',
    );
    assert.equal(
      messageOf('large part'),
      'The part is larger than upload.max_part_size of this gateway, 5242880 bytes. Use smaller parts.',
    );
  });

  it('of a size is named where the length is not declared, and to a form', async (t) => {
    const gateway = await gatewayWith(t, { upload: { max_object_size: '1MiB' } });
    const undeclared = await send(gateway.url, 'PUT', '/uploads/k', Buffer.alloc(MIB + 1), {
      'transfer-encoding': 'chunked',
    });
    assert.match(undeclared.body, /<Message>The object is larger than upload\.max_object_size .*multipart upload/);
    const form = new FormData();
    form.set('key', 'k');
    form.set('file', new Blob([new Uint8Array(MIB + 1)]));
    const answer = await (await fetch(`${gateway.url}/uploads`, { method: 'POST', body: form })).text();
    assert.match(answer, /<Message>The file is larger than upload\.max_object_size of this gateway, 1048576 bytes\.</);
  });

  it('is in the metrics, next to its use', async (t) => {
    const gateway = await gatewayWith(t, { server: { max_connections: 77, minimum_rate: 0 } });
    const limit = (setting: string): Promise<number | undefined> =>
      metricOf(gateway, `mizuchi_limit{setting="${setting}"}`);
    assert.equal(await limit('server.max_connections'), 77);
    assert.equal(await limit('server.minimum_rate'), 0);
    assert.equal(await limit('server.header_timeout_seconds'), 60);
    assert.equal(await limit('upload.max_object_size'), 5 * 1024 * MIB);
    assert.equal(await limit('upload.fair_rate'), 64 * 1024);
    assert.equal(await metricOf(gateway, 'mizuchi_connections'), 0);
  });

  it('is in the metrics with its unit, and once more under the deprecated name', async (t) => {
    const gateway = await gatewayWith(t, {});
    const text = await (await fetch(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`)).text();
    const series = (name: string): string[] =>
      [...text.matchAll(new RegExp(`^${name}(\\{.*)$`, 'gm'))].map(([, rest]) => rest!);
    const units = ['bytes', 'seconds', 'bytes_per_second', 'ratio', 'items'];
    const all = units.flatMap((unit) => series(`mizuchi_limit_${unit}`));
    assert.ok(all.length > 40);
    assert.deepEqual(all.toSorted(), series('mizuchi_limit').toSorted());
    for (const limit of [
      'seconds{setting="fixed.engine_line_seconds"} 5',
      'items{setting="fixed.engine_line"} 1000',
      'ratio{setting="fixed.form_share"} 0.5',
      'bytes_per_second{setting="upload.fair_rate"} 65536',
      'bytes{setting="server.max_header_size"} 16384',
      'items{setting="buckets.uploads.s3.max_connections"} 256',
    ])
      assert.ok(text.includes(`mizuchi_limit_${limit}\n`), limit);
  });
});
