/** A log line as the bytes of OTLP: one field `log_records` of ScopeLogs (opentelemetry-proto, logs/v1/logs.proto). */
import type { Log } from '../domain/log.ts';
import type { ItemEncoder } from '../export/batch-queue.ts';
import { AttributeEncoder } from '../export/otlp/attribute-encoder.ts';
import { type ByteWriter, unixZero } from '../kit/byte-writer.ts';
import { DOUBLES, EVENT_NAMES, logAttributes } from './log-fields.ts';
import { SEVERITIES } from './severities.ts';

export interface LogRecord {
  readonly level: keyof Log;
  /** Unix milliseconds. */
  readonly time: number;
  readonly message: string;
  /** `trace_id`, `span_id` and `trace_flags` become the trace context, all others attributes. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Tags: field number · 8 + wire type. */
const SCOPE_LOGS = { logRecords: 0x12 } as const;
const RECORD = {
  time: 0x09,
  severityNumber: 0x10,
  severityText: 0x1a,
  body: 0x2a,
  attributes: 0x32,
  flags: 0x45,
  traceId: 0x4a,
  spanId: 0x52,
  observedTime: 0x59,
  eventName: 0x62,
} as const;
const ANY_STRING = 0x0a;
const FIXED_PART = 96;

export class LogRecordEncoder implements ItemEncoder<LogRecord> {
  readonly #attributes = new AttributeEncoder(DOUBLES);

  /** @throws TooLarge */
  encode(out: ByteWriter, { level, time, message, fields }: LogRecord): void {
    out.reserve(FIXED_PART);
    out.byte(SCOPE_LOGS.logRecords);
    const start = out.open();
    out.reserve(FIXED_PART);
    const zero = unixZero(time);
    out.byte(RECORD.time);
    out.time(zero, 0);
    out.byte(RECORD.observedTime);
    out.time(zero, 0);
    out.byte(RECORD.severityNumber);
    out.byte(SEVERITIES[level]);
    out.byte(RECORD.severityText);
    out.text(level.toUpperCase());
    body(out, message);
    eventName(out, message);
    const { trace_id, span_id, trace_flags = '00', ...attributes } = fields;
    if (typeof trace_id === 'string' && typeof span_id === 'string')
      traceContext(out, trace_id, span_id, String(trace_flags));
    for (const [name, value] of Object.entries(logAttributes(attributes))) this.#attribute(out, name, value);
    out.close(start);
  }

  /** Objects go as JSON text. */
  #attribute(out: ByteWriter, name: string, value: unknown): void {
    if (value === undefined) return;
    const flat = typeof value === 'object' ? JSON.stringify(value) : value;
    this.#attributes.write(out, RECORD.attributes, this.#attributes.key(name), flat);
  }
}

function body(out: ByteWriter, message: string): void {
  out.reserve(FIXED_PART);
  out.byte(RECORD.body);
  const start = out.open();
  out.byte(ANY_STRING);
  out.text(message);
  out.close(start);
}

function eventName(out: ByteWriter, message: string): void {
  const name = EVENT_NAMES.get(message);
  if (name === undefined) return;
  out.reserve(FIXED_PART);
  out.byte(RECORD.eventName);
  out.text(name);
}

function traceContext(out: ByteWriter, traceId: string, spanId: string, flags: string): void {
  out.reserve(FIXED_PART);
  out.byte(RECORD.traceId);
  out.byte(16);
  out.hex(traceId);
  out.byte(RECORD.spanId);
  out.byte(8);
  out.hex(spanId);
  out.byte(RECORD.flags);
  out.fixed32(Number.parseInt(flags, 16) & 0xff);
}
