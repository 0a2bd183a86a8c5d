import assert from 'node:assert/strict';
import { it } from 'node:test';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { throughApi } from '../../../../src/tracing/api/api-span.ts';
import { NOTHING } from '../../../../src/tracing/propagation/propagator.ts';

it('spans of another provider have our events with their times', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const { open } = throughApi(provider.getTracer('test'), new W3CTraceContextPropagator());
  const root = open(NOTHING, {});
  const at = performance.now() - 250;
  root.event('upload.continue_sent', at);
  root.end();
  await provider.forceFlush();
  const [event] = exporter.getFinishedSpans()[0]!.events;
  assert.equal(event?.name, 'upload.continue_sent');
  const [seconds, nanos] = event.time;
  assert.ok(Math.abs(seconds * 1e3 + nanos / 1e6 - (performance.timeOrigin + at)) < 5);
});

it('spans of another provider hold no credential either: as they begin, as they are set, and in their status', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const { open } = throughApi(provider.getTracer('test'), new W3CTraceContextPropagator());
  const text = 'k%3FX-Amz-Signature=0badc0de';
  const root = open(NOTHING, { attributes: { 'url.path': text } });
  root.set('s3.error.message', text);
  const child = root.child('s3.upload', 'internal', { 's3.key': text });
  child.fail('store_error', text);
  child.end();
  root.end();
  await provider.forceFlush();
  const seen = exporter.getFinishedSpans().map(({ attributes, status }) => ({ attributes, status }));
  assert.equal(seen.length, 2);
  assert.equal(JSON.stringify(seen).split('X-Amz-Signature=REDACTED').length, 5);
  assert.doesNotMatch(JSON.stringify(seen), /0badc0de/);
});
