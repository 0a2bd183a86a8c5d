/** Our encoding of log records next to that of the official SDK: decoded, they are the same message. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type ReadableLogRecord, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { otlpRequest } from '../../../src/export/otlp/otlp-request.ts';
import { encodeResource, encodeScope } from '../../../src/export/otlp/resource.ts';
import { ByteWriter } from '../../../src/kit/byte-writer.ts';
import { EVENT_NAMES, logAttributes } from '../../../src/logging/log-fields.ts';
import { type LogRecord, LogRecordEncoder } from '../../../src/logging/log-record-encoder.ts';
import { decodeSignal } from '../../support/otlp-signals.ts';

const TIME = 1_790_000_000_123;
const RESOURCE = { 'service.name': 'test' };
const TRACE = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', trace_flags: '01' };
const RECORDS: readonly LogRecord[] = [
  {
    level: 'info',
    time: TIME,
    message: 'request',
    fields: { ...TRACE, path: '/größe', status: 200, ratio: 0.5, ok: true },
  },
  { level: 'error', time: TIME + 1, message: '', fields: { long: 'x'.repeat(40_000), negative: -7, none: undefined } },
  { level: 'debug', time: TIME, message: 'x'.repeat(300), fields: { list: ['a', { b: 1 }], nothing: null } },
  { level: 'warn', time: TIME, message: 'no flags', fields: { trace_id: TRACE.trace_id, span_id: TRACE.span_id } },
];

function ours(): Uint8Array {
  const out = new ByteWriter(64, 1024 * 1024);
  const encoder = new LogRecordEncoder();
  for (const record of RECORDS) encoder.encode(out, record);
  return otlpRequest(
    encodeResource(RESOURCE),
    encodeScope({ name: 'mizuchi-uploadr' }),
    out.bytes.subarray(0, out.length),
  );
}

function official(): Uint8Array {
  const records: ReadableLogRecord[] = [];
  const exporter = {
    export: (exported: ReadableLogRecord[]) => void records.push(...exported),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const processors = [new SimpleLogRecordProcessor({ exporter })];
  const provider = new LoggerProvider({ resource: resourceFromAttributes(RESOURCE), processors });
  const logger = provider.getLogger('mizuchi-uploadr');
  for (const { level, time, message, fields } of RECORDS) {
    const {
      trace_id: traceId,
      span_id: spanId,
      trace_flags: flags = '00',
      ...others
    } = fields as Record<string, string>;
    const spanContext =
      traceId === undefined || spanId === undefined
        ? undefined
        : { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
    const attributes = Object.entries(logAttributes(others)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? JSON.stringify(value) : value]],
    );
    logger.emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber: SeverityNumber[level.toUpperCase() as 'INFO'],
      severityText: level.toUpperCase(),
      body: message,
      ...(EVENT_NAMES.has(message) && { eventName: EVENT_NAMES.get(message)! }),
      attributes: Object.fromEntries(attributes),
      context: spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext),
    });
  }
  return ProtobufLogsSerializer.serializeRequest(records)!;
}

describe('log records as OTLP', () => {
  it('are the message that the official SDK sends', () => {
    const [sent, wanted] = [ours(), official()].map((bytes) => decodeSignal('ExportLogs', bytes));
    const records = (request: typeof sent) => request.resourceLogs[0].scopeLogs[0].logRecords;
    assert.equal(records(sent).length, RECORDS.length);
    // The default value of proto3 may be left out or not.
    for (const record of [...records(sent), ...records(wanted)]) record.flags ??= 0;
    assert.deepEqual(sent, wanted);
  });
});
