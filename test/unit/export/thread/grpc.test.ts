import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { exportHeaders } from '../../../../src/export/export-headers.ts';
import type { ExportResult } from '../../../../src/export/thread/result.ts';
import { deadEndpoint, faultyServer, garbage, hang, reset } from '../../../support/faulty-server.ts';
import { grpcExporter, grpcResult, REQUEST } from '../../../support/grpc-exporter.ts';
import { encodeMessage } from '../../../support/otlp-messages.ts';
import { type GrpcAnswer, receiveGrpc, receiveHttp } from '../../../support/otlp-receiver.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../../support/self-signed.ts';

async function resultOfAnswer(answer: GrpcAnswer): Promise<ExportResult> {
  const receiver = await receiveGrpc(() => answer);
  return grpcResult(receiver.endpoint).finally(() => receiver.close());
}

/** A google.rpc.Status with a RetryInfo, as collectors send it. */
function retryInfo(seconds: number, nanos = 0): Uint8Array {
  const value = encodeMessage('RetryInfo', { retryDelay: { seconds, nanos } });
  const other = { typeUrl: 'type.googleapis.com/google.rpc.DebugInfo', value: new Uint8Array([1, 2, 3]) };
  return encodeMessage('RpcStatus', {
    code: 8,
    message: 'busy',
    details: [other, { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }],
  });
}

describe('the gRPC exporter', () => {
  it('sends what it should, compressed if it should', async () => {
    const receiver = await receiveGrpc();
    const fixed = { 'x-api-key': 'secret', 'x-data-bin': Buffer.from('bytes').toString('base64') };
    const headers = exportHeaders(fixed, undefined);
    assert.deepEqual(await grpcResult(receiver.endpoint, { headers }), { type: 'success', rejected: 0, message: '' });
    await grpcResult(receiver.endpoint, { headers, compression: 'gzip' });
    await receiver.close();
    for (const [i, { path, headers: sent, compressed }] of receiver.exports.entries()) {
      assert.equal(path, '/opentelemetry.proto.collector.trace.v1.TraceService/Export');
      assert.equal(sent['user-agent'], 'test');
      assert.equal(sent['x-api-key'], 'secret');
      assert.equal(Buffer.from(sent['x-data-bin'] ?? '', 'base64').toString(), 'bytes');
      assert.equal(compressed, i === 1);
    }
    assert.equal(receiver.exports.length, 2);
  });

  it('reads what the collector did not take', async () => {
    const partialSuccess = { rejectedSpans: 2, errorMessage: 'too old' };
    const response = encodeMessage('ExportTraceServiceResponse', { partialSuccess });
    assert.deepEqual(await resultOfAnswer({ response }), { type: 'success', rejected: 2, message: 'too old' });
  });

  it('treats an unreadable response as success, because of its status', async () => {
    const result = await resultOfAnswer({ response: Buffer.from([0xff, 0xff]) });
    assert.equal(result.type, 'success');
  });

  it('tries again after the codes that the specification names, and after no other', async () => {
    const retryable = [
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.ABORTED,
      status.OUT_OF_RANGE,
      status.UNAVAILABLE,
      status.DATA_LOSS,
    ];
    const unauthorized = [status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNIMPLEMENTED];
    for (let code = 1; code <= 16; code++) {
      const result = await resultOfAnswer({ code, details: 'why' });
      const type = retryable.includes(code) ? 'retryable' : unauthorized.includes(code) ? 'unauthorized' : 'failure';
      assert.equal(result.type, type, String(status[code]));
      assert.equal(result.message, `gRPC ${status[code]} why`);
    }
  });

  it('tries again after RESOURCE_EXHAUSTED only if the collector sends a delay', async () => {
    const code = status.RESOURCE_EXHAUSTED;
    const asked = await resultOfAnswer({ code, statusDetails: retryInfo(3, 500_000_000) });
    assert.equal(asked.type === 'retryable' && asked.delayMillis, 3500);
    assert.equal((await resultOfAnswer({ code })).type, 'failure');
    assert.equal((await resultOfAnswer({ code, statusDetails: Buffer.from('garbage') })).type, 'failure');
  });

  it('reads how long it should wait after UNAVAILABLE', async () => {
    const result = await resultOfAnswer({ code: status.UNAVAILABLE, statusDetails: retryInfo(7) });
    assert.equal(result.type === 'retryable' && result.delayMillis, 7000);
  });

  it('tries again when nothing listens, when the connection is reset, and when the response is not HTTP/2', async () => {
    const results = [await grpcResult(await deadEndpoint())];
    for (const behave of [reset, garbage]) {
      const server = await faultyServer(behave);
      results.push(await grpcResult(server.endpoint));
      await server.close();
    }
    for (const { type, message } of results) {
      assert.equal(type, 'retryable');
      assert.match(message ?? '', /^gRPC UNAVAILABLE/);
    }
  });

  it('does not take a web server for a collector', async () => {
    const receiver = await receiveHttp();
    const { type } = await grpcResult(receiver.endpoint, { timeoutMillis: 1000 });
    await receiver.close();
    assert.notEqual(type, 'success');
  });

  it('ends an attempt in time, whether the connection hangs or the call', async () => {
    const server = await faultyServer(hang);
    const receiver = await receiveGrpc(() => undefined);
    for (const endpoint of [server.endpoint, receiver.endpoint]) {
      const start = performance.now();
      const result = await grpcResult(endpoint, { timeoutMillis: 300 });
      const took = performance.now() - start;
      assert.equal(result.type, 'retryable');
      assert.match(result.message ?? '', /DEADLINE_EXCEEDED/);
      assert.ok(took >= 250 && took < 2000, `${took} ms`);
    }
    await Promise.all([server.close(), receiver.close()]);
  });

  it('speaks TLS to https endpoints, and only to those whom it trusts', async () => {
    const tls = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };
    const receiver = await receiveGrpc(undefined, 0, tls);
    const endpoint = `https://localhost:${receiver.port}`;
    const distrusted = await grpcResult(endpoint, { timeoutMillis: 1000 });
    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, SELF_SIGNED_CERTIFICATE]);
    const result = await grpcResult(endpoint).finally(() => setDefaultCACertificates(trusted));
    await receiver.close();
    assert.equal(distrusted.type, 'retryable');
    assert.equal(result.type, 'success', String(result.message));
    assert.equal(receiver.exports.length, 1);
  });

  it('speaks TLS to an address, whose certificate is for that address', async () => {
    const key = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };
    const receiver = await receiveGrpc(undefined, 0, key);
    const other = createSecureServer(key).listen(0, '127.0.0.2');
    await once(other, 'listening');
    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, SELF_SIGNED_CERTIFICATE]);
    const result = await grpcResult(`https://127.0.0.1:${receiver.port}`);
    const { port } = other.address() as AddressInfo;
    const distrusted = await grpcResult(`https://127.0.0.2:${port}`, { timeoutMillis: 1000 });
    setDefaultCACertificates(trusted);
    await receiver.close();
    other.close();
    assert.equal(result.type, 'success', String(result.message));
    assert.equal(distrusted.type, 'retryable');
    assert.match(distrusted.message, /IP: 127\.0\.0\.2 is not in the cert's list/);
  });

  it('gives up on responses of more than 64 KiB', async () => {
    const result = await resultOfAnswer({ response: Buffer.alloc(64 * 1024 + 1) });
    assert.equal(result.type, 'failure');
    assert.match(result.message, /larger than max/);
  });

  it('connects anew at once when the collector is back', async () => {
    const first = await receiveGrpc();
    const exporter = grpcExporter(first.endpoint);
    assert.equal((await exporter.export(REQUEST)).type, 'success');
    await first.close();
    const during = [await exporter.export(REQUEST), await exporter.export(REQUEST)];
    assert.deepEqual(new Set(during.map(({ type }) => type)), new Set(['retryable']));
    const second = await receiveGrpc(undefined, first.port);
    const after = await exporter.export(REQUEST);
    exporter.close();
    await second.close();
    assert.equal(after.type, 'success');
  });

  it('uses a new connection after one on which nothing came back', async () => {
    let answers = false;
    const receiver = await receiveGrpc(() => (answers ? {} : undefined));
    const exporter = grpcExporter(receiver.endpoint, { timeoutMillis: 200 });
    assert.equal((await exporter.export(REQUEST)).type, 'retryable');
    answers = true;
    assert.equal((await exporter.export(REQUEST)).type, 'success');
    exporter.close();
    await receiver.close();
  });
});
