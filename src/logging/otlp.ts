/** The lines of the log, sent to a collector by the official SDK as well. Loaded only where the configuration asks for it. */
import { type Context, ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import type { LoggingConfig } from '../config/logging.ts';
import type { Log } from '../domain/log.ts';
import { attemptExport } from '../kit/attempt-export.ts';
import { accessTo, grpcOptions, httpOptions, within } from '../kit/otlp-exporter.ts';
import type { ProcessLog } from './create-log.ts';

export type LogsOtlp = NonNullable<LoggingConfig['otlp']>;
type ResourceAttributes = Readonly<Record<string, string | number>>;

const SCOPE = 'mizuchi-uploadr';

const SEVERITIES = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const satisfies Record<keyof Log, SeverityNumber>;

const SHUTDOWN_MILLIS = 5_000;
/** Of those, what the lines need that go where they always go. */
const LAST_LINES_MILLIS = 250;

/**
 * @param log goes on as it was. @param directory where relative paths of the configuration begin.
 * @throws Error if a file that the configuration names cannot be used.
 * @returns one that writes to both; its `close` sends what is left, and closes `log`.
 */
export async function pushLogs(
  log: ProcessLog,
  { level, otlp }: LoggingConfig,
  resource: ResourceAttributes,
  directory = process.cwd(),
): Promise<ProcessLog> {
  const exporter = await exporterOf(otlp!, directory);
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(resource),
    processors: [new BatchLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger(SCOPE);
  const both = (name: keyof Log) => (fields: object, message: string) => {
    log[name](fields, message);
    if (SEVERITIES[name] < SEVERITIES[level]) return;
    const { trace_id, span_id, trace_flags, ...attributes } = fields as Record<string, string>;
    const context = contextOf(trace_id, span_id, trace_flags);
    const severity = { severityNumber: SEVERITIES[name], severityText: name.toUpperCase() };
    logger.emit({ ...severity, body: message, attributes: known(attributes), context });
  };
  return {
    debug: both('debug'),
    info: both('info'),
    warn: both('warn'),
    error: both('error'),
    async close(millis = SHUTDOWN_MILLIS) {
      const endsAt = performance.now() + millis;
      const sent = await within(millis - LAST_LINES_MILLIS, provider.shutdown());
      if (!sent) log.warn({}, 'the last lines of the log did not reach the collector');
      await log.close(endsAt - performance.now());
    },
  };
}

/**
 * Sends one line that says that we were here.
 * @param directory where relative paths of the configuration begin. @throws Error if a file that it names cannot be used.
 * @returns why it was not taken; undefined if it was.
 */
export async function tryLogs(
  config: LogsOtlp,
  resource: ResourceAttributes,
  millis: number,
  directory: string,
): Promise<string | undefined> {
  const exporter = await exporterOf(config, directory);
  return attemptExport(millis, (done) => {
    const asked = {
      export: (records: ReadableLogRecord[]) => exporter.export(records, done),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const processors = [new SimpleLogRecordProcessor({ exporter: asked })];
    const provider = new LoggerProvider({ resource: resourceFromAttributes(resource), processors });
    const severity = { severityNumber: SEVERITIES.info, severityText: 'INFO' };
    provider.getLogger(SCOPE).emit({ ...severity, body: 'a probe of mizuchi-uploadr doctor', context: ROOT_CONTEXT });
  });
}

async function exporterOf(config: LogsOtlp, directory: string): Promise<LogRecordExporter> {
  const access = accessTo(config, directory, 'logging.otlp');
  if (config.protocol === 'grpc') {
    const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-grpc');
    return new OTLPLogExporter(await grpcOptions(config, access));
  }
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  return new OTLPLogExporter(httpOptions(config, '/v1/logs', access));
}

function contextOf(traceId: string | undefined, spanId: string | undefined, flags = '00'): Context {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 0xff });
}

function known(fields: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? JSON.stringify(value) : (value as string)]],
    ),
  );
}
