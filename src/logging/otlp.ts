/** Sends the lines of the log to a collector as well. Loaded only with `logging.otlp`. */
import type { LoggingConfig } from '../config/logging.ts';
import type { Log } from '../domain/log.ts';
import { ExportCounts, type ExportStats } from '../export/export-counts.ts';
import { checkedSettings, DEADLINE_MILLIS, destinationOf, type SignalContext } from '../export/export-settings.ts';
import type { ExporterLink } from '../export/exporter-link.ts';
import { openPipeline } from '../export/open-pipeline.ts';
import { probe } from '../export/probe.ts';
import { ByteWriter } from '../kit/byte-writer.ts';
import type { ProcessLog } from './create-log.ts';
import { LogRecordEncoder } from './log-record-encoder.ts';
import { SEVERITIES } from './severities.ts';

export type LogsOtlp = NonNullable<LoggingConfig['otlp']>;

export interface PushedLog extends ProcessLog {
  stats(): ExportStats;
}

const LIMITS = { maxQueueSize: 8192, maxQueueBytes: 8 * 1024 ** 2, maxBatchSize: 512, delayMillis: 1_000 };
const SHUTDOWN_MILLIS = 5_000;
/** The part of this time for the lines on the standard output. */
const LAST_LINES_MILLIS = 250;
const PROBE_BYTES = 1024;

/**
 * @param log also gets the lines about failed exports, which the collector does not receive.
 * @throws Error if a file that the configuration names cannot be used.
 * @returns a log that writes to both; its `close` sends the rest of the queue, and closes `log`.
 */
export function pushLogs(
  log: ProcessLog,
  { level: initial, otlp }: LoggingConfig,
  context: SignalContext,
  link: ExporterLink,
): PushedLog {
  const settings = checkedSettings('logs', otlp!, context, DEADLINE_MILLIS);
  const counts = new ExportCounts(LIMITS.maxQueueSize);
  const { queue, shutdown } = openPipeline({
    signal: 'logs',
    link,
    settings,
    limits: LIMITS,
    counts,
    encoder: new LogRecordEncoder(),
    log,
    destination: destinationOf(otlp!.endpoint),
  });
  let level = initial;
  const both = (name: keyof Log) => (fields: object, message: string) => {
    log[name](fields, message);
    if (SEVERITIES[name] < SEVERITIES[level]) return;
    queue.add({ level: name, time: Date.now(), message, fields: fields as Record<string, unknown> });
  };
  return {
    debug: both('debug'),
    info: both('info'),
    warn: both('warn'),
    error: both('error'),
    stats: () => counts.snapshot(),
    setLevel(next) {
      level = next;
      log.setLevel?.(next);
    },
    async close(millis = SHUTDOWN_MILLIS) {
      const endsAt = performance.now() + millis;
      await shutdown(Math.max(0, millis - LAST_LINES_MILLIS));
      await log.close(endsAt - performance.now());
    },
  };
}

/**
 * Sends one log record as a probe.
 * @throws Error if a file that the configuration names cannot be used.
 * @returns why it was not accepted; undefined if it was.
 */
export async function probeLogs(config: LogsOtlp, context: SignalContext, millis: number): Promise<string | undefined> {
  const settings = checkedSettings('logs', config, context, millis);
  const out = new ByteWriter(PROBE_BYTES, PROBE_BYTES);
  const record = { level: 'info', time: Date.now(), message: 'a probe of mizuchi-uploadr doctor', fields: {} } as const;
  new LogRecordEncoder().encode(out, record);
  return probe('logs', settings, out.take(), millis);
}
