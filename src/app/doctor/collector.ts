/** Sends one real span, one metric and one line of the log to the collectors, whatever the sampling. */
import type { Config } from '../../config/config.ts';
import type { OtlpConfig } from '../../config/otlp.ts';
import { resourceAttributes } from '../../config/resource-attributes.ts';
import type { TracingConfig } from '../../config/tracing.ts';
import type { Log } from '../../domain/log.ts';
import { SIGNALS } from '../../export/signal.ts';
import { packageVersion } from '../../kit/package-version.ts';
import { type CollectorSection, collectorHint } from './collector-hint.ts';
import { type Finding, fails, find, works } from './finding.ts';

/** For one collector. */
const EXAMINATION_MILLIS = 10_000;
/** Longest attempt, so that its outcome is known before the examination ends. */
const ATTEMPT_SECONDS = 5;

export async function examineCollectors(config: Config, directory: string): Promise<Finding[]> {
  const { tracing, metrics, logging } = config;
  const version = packageVersion();
  const context = { resource: resourceAttributes(tracing, version), version, directory };
  const examinations: Promise<Finding>[] = [];
  if (tracing.enabled && tracing.provider === 'native' && tracing.exporter === 'otlp')
    examinations.push(find(`collector ${tracing.otlp.endpoint}`, () => sendSpan(tracing, directory)));
  if (metrics.otlp !== undefined) {
    const otlp = inTime(metrics.otlp);
    examinations.push(
      find(`collector ${otlp.endpoint}, metrics`, async () => {
        const { probeMetrics } = await import('../../metrics/otlp.ts');
        const reason = await probeMetrics(otlp, context, EXAMINATION_MILLIS);
        return judge('metrics.otlp', 'a metric: mizuchi_doctor', otlp, reason);
      }),
    );
  }
  if (logging.otlp !== undefined) {
    const otlp = inTime(logging.otlp);
    examinations.push(
      find(`collector ${otlp.endpoint}, log`, async () => {
        const { probeLogs } = await import('../../logging/otlp.ts');
        const reason = await probeLogs(otlp, context, EXAMINATION_MILLIS);
        return judge('logging.otlp', 'a line of the log', otlp, reason);
      }),
    );
  }
  return Promise.all(examinations);
}

function inTime<C extends OtlpConfig>(otlp: C): C {
  return { ...otlp, timeout_seconds: Math.min(otlp.timeout_seconds, ATTEMPT_SECONDS) };
}

/** @param reason why it was not accepted; undefined if it was. */
function judge(section: CollectorSection, what: string, otlp: OtlpConfig, reason: string | undefined) {
  return reason === undefined ? works(`it accepted ${what}`) : undelivered(section, otlp, reason);
}

async function sendSpan(config: TracingConfig, directory: string) {
  const reasons: string[] = [];
  const { startNative } = await import('../../tracing/start.ts');
  const sampling = { strategy: 'always', ratio: 1, remote_ratio: 1 } as const;
  const handle = await startNative(
    { ...config, otlp: inTime(config.otlp), fallback: 'none', sampling },
    { log: reasonsIn(reasons), directory, deadlineMillis: EXAMINATION_MILLIS },
  );
  const span = handle.tracer.startRequest([], { 'url.path': '/mizuchi-doctor' });
  span.end();
  await handle.shutdown(EXAMINATION_MILLIS);
  const { exported, dropped } = handle.stats();
  if (exported === 1) return works(`it accepted a span: trace ${span.traceId}, service ${config.service_name}`);
  const [drop = 'not delivered'] = Object.entries(dropped).flatMap(([why, count]) => (count > 0 ? [why] : []));
  const reason = reasons.at(-1) ?? drop;
  return undelivered('tracing.otlp', config.otlp, reason);
}

/** No upload fails because of a collector: the log and the metrics show it. */
function undelivered(section: CollectorSection, otlp: OtlpConfig, reason: string) {
  const shown = `in the log: ${SIGNALS[SIGNAL_OF[section]].lines.failing}; uploads do not fail; side: gateway`;
  return { ...fails(reason, collectorHint(reason, section, otlp)), shown };
}

const SIGNAL_OF = { 'tracing.otlp': 'traces', 'metrics.otlp': 'metrics', 'logging.otlp': 'logs' } as const;

/** Keeps the tracer's reasons. */
function reasonsIn(reasons: string[]): Log {
  const keep = ({ reason }: { reason?: string }) => void (reason !== undefined && reasons.push(reason));
  return { debug() {}, info() {}, warn: keep, error: keep };
}
