import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { throughApi } from '../../../src/tracing/api/api-span.ts';
import type { Conventions } from '../../../src/tracing/conventions.ts';
import { createRequestTracer } from '../../../src/tracing/instrumentation.ts';
import type { SpanNames } from '../../../src/tracing/span-names.ts';

/** The names of the spans of one request, in the order in which they end. */
function namesOf(spanNames: SpanNames, method: string, route?: string, conventions: Conventions = 'dup'): string[] {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const recorder = throughApi(provider.getTracer('test'), new W3CTraceContextPropagator());
  const tracer = createRequestTracer(recorder, { conventions, spanNames });
  const root = tracer.startRequest([], { 'http.request.method': method });
  root.set('http.route', route);
  const check = root.child('authz.check', 'internal');
  check.child('authz.opa', 'client', { 'http.request.method': 'POST' }).end();
  check.end();
  const upload = root.child('s3.upload', 'internal');
  const call = { 'rpc.service': 'S3', 'rpc.method': 'PutObject', 'http.request.method': 'PUT' };
  upload.child('aws.s3.put_object', 'client', call).end();
  upload.end();
  root.end();
  return exporter.getFinishedSpans().map(({ name }) => name);
}

describe('the names of spans', () => {
  it('are those of the parts of the gateway by default', () =>
    assert.deepEqual(namesOf('default', 'PUT', '/uploads/{key}'), [
      'authz.opa',
      'authz.check',
      'aws.s3.put_object',
      's3.upload',
      'http.server.request',
    ]));

  for (const conventions of ['stable', 'dup', 'legacy'] as const)
    it(`are those of the semantic conventions with semconv and ${conventions} attributes`, () =>
      assert.deepEqual(namesOf('semconv', 'PUT', '/uploads/{key}', conventions), [
        'POST',
        'authz.check',
        'S3.PutObject',
        's3.upload',
        'PUT /uploads/{key}',
      ]));

  it('have neither a path nor an unknown method', () => {
    assert.equal(namesOf('semconv', 'PUT').at(-1), 'PUT');
    assert.equal(namesOf('semconv', '_OTHER').at(-1), 'HTTP');
    assert.equal(namesOf('semconv', '_OTHER', '/uploads/{key}').at(-1), 'HTTP /uploads/{key}');
  });
});
