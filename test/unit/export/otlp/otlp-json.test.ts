/** Our JSON against the official one, and back to the bytes that it was made of. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { requestFromJson, requestToJson } from '../../../../src/export/otlp/otlp-json.ts';
import { decodeRequest, encodeMessage } from '../../../support/otlp-messages.ts';

async function officialSpans() {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  const tracer = provider.getTracer('scope', '1.2');
  const linked = tracer.startSpan('linked');
  const span = tracer.startSpan('upload ö', {
    kind: SpanKind.CLIENT,
    attributes: {
      text: 'größe "1"',
      whole: 42,
      below: -7,
      large: 2 ** 52,
      part: 0.25,
      yes: true,
      list: ['a', 'b'],
      numbers: [1, 2.5],
    },
    links: [{ context: linked.spanContext(), attributes: { why: 'before' } }],
  });
  span.addEvent('retry', { attempt: 2 }, [1_790_000_000, 5]);
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'reset' });
  span.end();
  linked.end();
  await provider.forceFlush();
  return memory.getFinishedSpans();
}

describe('OTLP as JSON', () => {
  it('is what the official encoder makes of the same spans', async () => {
    const spans = await officialSpans();
    const ours = JSON.parse(requestToJson(ProtobufTraceSerializer.serializeRequest(spans)!));
    const theirs = JSON.parse(Buffer.from(JsonTraceSerializer.serializeRequest(spans)!).toString());
    assert.deepEqual(plain(ours), plain(theirs));
  });

  it('becomes again what it was', async () => {
    const bytes = ProtobufTraceSerializer.serializeRequest(await officialSpans())!;
    const { request, spans } = requestFromJson(requestToJson(bytes));
    assert.equal(spans, 2);
    assert.deepEqual(decodeRequest(request), decodeRequest(bytes));
  });

  it('takes the JSON of the official encoder, too', async () => {
    const spans = await officialSpans();
    const json = Buffer.from(JsonTraceSerializer.serializeRequest(spans)!).toString();
    const bytes = ProtobufTraceSerializer.serializeRequest(spans)!;
    assert.deepEqual(decodeRequest(requestFromJson(json).request), decodeRequest(bytes));
  });

  it('holds numbers that JSON has no words for', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const attributes = [{ key: 'k', value: { doubleValue: value } }];
      const request = encodeMessage('ExportTraceServiceRequest', {
        resourceSpans: [{ resource: { attributes }, scopeSpans: [] }],
      });
      assert.deepEqual(requestFromJson(requestToJson(request)).request, Buffer.from(request));
    }
  });

  for (const [what, line, wanted] of [
    ['half a line', '{"resourceSpans":[{"sco', /JSON/],
    ['a list', '[]', /the line is not an object/],
    ['a span that is none', '{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}', /spans is not an object/],
    [
      'an id that is none',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
      /traceId has the wrong type/,
    ],
  ] as const) {
    it(`reports the error in ${what}`, () => {
      assert.throws(() => requestFromJson(line), wanted);
    });
  }
});

/** What both may write or leave out: zero counts and flags, and numbers as text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, its]) => {
    if (its === 0 || its === undefined || (Array.isArray(its) && its.length === 0)) return [];
    if (name === 'intValue') return [[name, Number(its)]];
    const inner = plain(its);
    return typeof inner === 'object' && inner !== null && Object.keys(inner).length === 0 ? [] : [[name, inner]];
  });
  return Object.fromEntries(entries);
}
