import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { CollectorTls } from '../../../../src/export/collector-tls.ts';
import { exportHeaders } from '../../../../src/export/export-headers.ts';
import { collectorLookup } from '../../../../src/export/shared-lookup.ts';
import { gzip } from '../../../../src/export/thread/gzip.ts';
import { HttpExporter, type HttpExporterOptions } from '../../../../src/export/thread/http.ts';
import type { ExportResult } from '../../../../src/export/thread/result.ts';
import { deadEndpoint, faultyServer, flood, garbage, hang, reset, trickle } from '../../../support/faulty-server.ts';
import { encodeMessage } from '../../../support/otlp-messages.ts';
import { type HttpAnswer, receiveHttp } from '../../../support/otlp-receiver.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../../support/self-signed.ts';

/** A request without spans: what it holds is not the matter here. */
const REQUEST = Buffer.from([0x0a, 0x00]);

function exporterTo(endpoint: string, options: Partial<HttpExporterOptions> = {}): HttpExporter {
  const headers = exportHeaders({}, undefined);
  const tls = new CollectorTls();
  const { lookup } = collectorLookup;
  const defaults = { headers, tls, lookup, userAgent: 'test', timeoutMillis: 5000, compress: undefined };
  return new HttpExporter({ url: `${endpoint}/v1/traces`, ...defaults, ...options });
}

async function resultFrom(endpoint: string, options: Partial<HttpExporterOptions> = {}): Promise<ExportResult> {
  const exporter = exporterTo(endpoint, options);
  return exporter.export(REQUEST).finally(() => exporter.close());
}

async function resultOfAnswer(answer: HttpAnswer): Promise<ExportResult> {
  const receiver = await receiveHttp(answer);
  return resultFrom(receiver.endpoint).finally(() => receiver.close());
}

const answer =
  (status: number, headers: Record<string, string> = {}, body: string | Uint8Array = ''): HttpAnswer =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

const PROTOBUF = { 'content-type': 'application/x-protobuf' };

describe('the HTTP exporter', () => {
  it('sends what it should, compressed if it should', async () => {
    const receiver = await receiveHttp();
    const headers = exportHeaders({ 'x-api-key': 'secret' }, undefined);
    assert.deepEqual(await resultFrom(receiver.endpoint, { headers }), { type: 'success', rejected: 0, message: '' });
    await resultFrom(receiver.endpoint, { headers, compress: gzip });
    await receiver.close();
    for (const [i, { path, headers: sent, compressed }] of receiver.exports.entries()) {
      assert.equal(path, '/v1/traces');
      assert.equal(sent['content-type'], 'application/x-protobuf');
      assert.equal(sent['user-agent'], 'test');
      assert.equal(sent['x-api-key'], 'secret');
      assert.equal(compressed, i === 1);
    }
    assert.equal(receiver.exports.length, 2);
  });

  it('takes every 2xx for success, whatever is in it', async () => {
    for (const [status, headers, body] of [
      [200, {}, 'hello'],
      [200, PROTOBUF, '\xff\xff\xff'],
      [202, PROTOBUF, ''],
      [204, {}, ''],
    ] as const) {
      const result = await resultOfAnswer(answer(status, headers, body));
      assert.equal(result.type === 'success' && result.rejected, 0);
    }
  });

  it('reads what the collector did not take', async () => {
    const partialSuccess = { rejectedSpans: 3, errorMessage: 'too\nold' };
    const body = encodeMessage('ExportTraceServiceResponse', { partialSuccess });
    const result = await resultOfAnswer(answer(200, PROTOBUF, body));
    assert.deepEqual(result, { type: 'success', rejected: 3, message: 'too old' });
  });

  it('reads a compressed response, although the request does not accept one', async (t) => {
    const partialSuccess = { rejectedSpans: 3, errorMessage: 'too old' };
    const body = gzipSync(encodeMessage('ExportTraceServiceResponse', { partialSuccess }));
    let asked: string | undefined;
    const receiver = await receiveHttp((response) => {
      asked = response.req.headers['accept-encoding']?.toString();
      response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }).end(body);
    });
    t.after(() => receiver.close());
    assert.deepEqual(await resultFrom(receiver.endpoint), { type: 'success', rejected: 3, message: 'too old' });
    assert.equal(asked, 'identity');
  });

  it('tries again after 429, 502, 503 and 504, and after no other status', async () => {
    for (const [type, ...statuses] of [
      ['retryable', 429, 502, 503, 504],
      ['too_large', 413],
      ['unauthorized', 401, 403, 404, 405, 407],
      ['failure', 400, 408, 415, 500, 501, 505],
    ] as const)
      for (const status of statuses) assert.equal((await resultOfAnswer(answer(status))).type, type, String(status));
  });

  it('does not follow redirects', async () => {
    const elsewhere = await receiveHttp();
    for (const status of [301, 302, 307, 308]) {
      const result = await resultOfAnswer(answer(status, { location: `${elsewhere.endpoint}/v1/traces` }));
      assert.equal(result.type, 'unauthorized');
    }
    await elsewhere.close();
    assert.equal(elsewhere.exports.length, 0);
  });

  it('reads how long it should wait, in seconds or as a date', async () => {
    const delayOf = async (value: string): Promise<number | undefined> => {
      const result = await resultOfAnswer(answer(503, { 'retry-after': value }));
      return result.type === 'retryable' ? result.delayMillis : Number.NaN;
    };
    assert.equal(await delayOf('7'), 7000);
    assert.equal(await delayOf('soon'), undefined);
    const date = await delayOf(new Date(Date.now() + 30_000).toUTCString());
    assert.ok(date !== undefined && date > 25_000 && date <= 30_000, String(date));
  });

  it('quotes the collector, briefly and in printable characters', async () => {
    const text = await resultOfAnswer(
      answer(400, { 'content-type': 'text/plain' }, `bad\r\nthing\x1b[31m ${'x'.repeat(5000)}`),
    );
    assert.equal(text.type === 'failure' && text.message.length, 200);
    assert.match(text.message ?? '', /^HTTP 400 bad thing \[31m xxx[ -~]*\.\.\.$/);
    const body = encodeMessage('RpcStatus', { code: 3, message: 'span without a name' });
    const status = await resultOfAnswer(answer(400, PROTOBUF, body));
    assert.equal(status.message, 'HTTP 400 span without a name');
  });

  it('tries again when nothing listens, and when the connection is reset', async () => {
    const refused = await resultFrom(await deadEndpoint());
    assert.deepEqual(refused, { type: 'retryable', message: 'cannot reach the collector: ECONNREFUSED' });
    const server = await faultyServer(reset);
    const broken = await resultFrom(server.endpoint);
    await server.close();
    assert.deepEqual(broken, { type: 'retryable', message: 'cannot reach the collector: ECONNRESET' });
  });

  it('gives up on a server that does not speak HTTP, and on responses of more than 4 MiB', async () => {
    const results: ExportResult[] = [];
    for (const behave of [garbage, flood]) {
      const server = await faultyServer(behave);
      results.push(await resultFrom(server.endpoint));
      await server.close();
    }
    assert.equal(results[0]?.type, 'unauthorized');
    assert.match(results[0]?.message ?? '', /HPE_/);
    assert.deepEqual(results[1], { type: 'failure', message: 'the response is larger than 4 MiB' });
  });

  it('ends an attempt in time, whether nothing comes or only a little again and again', async () => {
    for (const behave of [hang, trickle]) {
      const server = await faultyServer(behave);
      const start = performance.now();
      const result = await resultFrom(server.endpoint, { timeoutMillis: 250 });
      const took = performance.now() - start;
      await server.close();
      assert.deepEqual(result, { type: 'retryable', message: 'no response in time' });
      assert.ok(took >= 240 && took < 2000, `${took} ms`);
    }
  });

  it('keeps its connection, and survives that the collector has closed it meanwhile', async () => {
    let closeNext = false;
    const server = await faultyServer((socket) => {
      socket.on('data', () => {
        if (closeNext) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        closeNext = false;
      });
    });
    const exporter = exporterTo(server.endpoint);
    const types = [(await exporter.export(REQUEST)).type, (await exporter.export(REQUEST)).type];
    const connectionsBefore = server.connections;
    closeNext = true;
    types.push((await exporter.export(REQUEST)).type);
    exporter.close();
    await server.close();
    assert.deepEqual(types, ['success', 'success', 'success']);
    assert.deepEqual([connectionsBefore, server.connections], [1, 2]);
  });

  describe('over TLS', () => {
    let server: https.Server;
    let endpoint: string;

    before(async () => {
      server = https.createServer({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE }, (request, response) => {
        request.resume().once('end', () => response.end());
      });
      server.on('tlsClientError', () => {}); // the client does not trust it
      await once(server.listen(0, '127.0.0.1'), 'listening');
      endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
    });

    after(() => new Promise((resolve) => server.close(resolve)));

    it('sends nothing to whom it does not trust', async () => {
      const result = await resultFrom(endpoint);
      assert.deepEqual(result, {
        type: 'retryable',
        message: 'cannot reach the collector: DEPTH_ZERO_SELF_SIGNED_CERT',
      });
    });

    it('sends to whom it trusts', async () => {
      const trusted = getCACertificates('default');
      setDefaultCACertificates([...trusted, SELF_SIGNED_CERTIFICATE]);
      const result = await resultFrom(endpoint).finally(() => setDefaultCACertificates(trusted));
      assert.equal(result.type, 'success');
    });
  });
});
