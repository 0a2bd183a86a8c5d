/** Tries the collectors with one real span, one metric and one line of the log, whatever the configuration says of sampling. */
import type { Config } from '../../config/config.ts';
import type { OtlpConfig } from '../../config/otlp.ts';
import { resourceAttributes } from '../../config/resource-attributes.ts';
import type { TracingConfig } from '../../config/tracing.ts';
import type { Log } from '../../domain/log.ts';
import { packageVersion } from '../../kit/package-version.ts';
import { type CollectorSection, mendOf } from './collector-mend.ts';
import { type Finding, fails, find, works } from './finding.ts';

const PATIENCE_MILLIS = 10_000;
/** What one attempt may take at most: the official exporters try again and again until it is over. */
const ATTEMPT_SECONDS = 5;

export async function examineCollectors(config: Config, directory: string): Promise<Finding[]> {
  const { tracing, metrics, logging } = config;
  const resource = resourceAttributes(tracing, packageVersion());
  const tries: Promise<Finding>[] = [];
  if (tracing.enabled && tracing.provider === 'native' && tracing.exporter === 'otlp')
    tries.push(find(`collector ${tracing.otlp.endpoint}`, () => sendSpan(tracing, directory)));
  if (metrics.otlp !== undefined) {
    const otlp = inTime(metrics.otlp);
    tries.push(
      find(`collector ${otlp.endpoint}, metrics`, async () => {
        const { tryMetrics } = await import('../../metrics/otlp.ts');
        const reason = await tryMetrics(otlp, resource, PATIENCE_MILLIS, directory);
        return judge('metrics.otlp', 'a metric: mizuchi_doctor', otlp, reason);
      }),
    );
  }
  if (logging.otlp !== undefined) {
    const otlp = inTime(logging.otlp);
    tries.push(
      find(`collector ${otlp.endpoint}, log`, async () => {
        const { tryLogs } = await import('../../logging/otlp.ts');
        const reason = await tryLogs(otlp, resource, PATIENCE_MILLIS, directory);
        return judge('logging.otlp', 'a line of the log', otlp, reason);
      }),
    );
  }
  return Promise.all(tries);
}

function inTime<C extends OtlpConfig>(otlp: C): C {
  return { ...otlp, timeout_seconds: Math.min(otlp.timeout_seconds, ATTEMPT_SECONDS) };
}

/** @param reason why it was not taken; undefined if it was. */
function judge(section: CollectorSection, what: string, otlp: OtlpConfig, reason: string | undefined) {
  return reason === undefined ? works(`it took ${what}`) : fails(reason, mendOf(reason, section, otlp));
}

async function sendSpan(config: TracingConfig, directory: string) {
  const said: string[] = [];
  const { startNative } = await import('../../tracing/start.ts');
  const sampling = { strategy: 'always', ratio: 1, remote_ratio: 1 } as const;
  const handle = await startNative(
    { ...config, fallback: 'none', sampling },
    { log: listening(said), directory, deadlineMillis: PATIENCE_MILLIS },
  );
  const span = handle.tracer.startRequest([], { 'url.path': '/mizuchi-doctor' });
  span.end();
  await handle.shutdown(PATIENCE_MILLIS);
  const { exported, dropped } = handle.stats();
  if (exported === 1) return works(`it took a span: trace ${span.traceId}, service ${config.service_name}`);
  const [drop = 'not delivered'] = Object.entries(dropped).flatMap(([why, count]) => (count > 0 ? [why] : []));
  const reason = said.at(-1) ?? drop;
  return fails(reason, mendOf(reason, 'tracing.otlp', config.otlp));
}

/** What the tracer says of the collector. */
function listening(said: string[]): Log {
  const keep = ({ reason }: { reason?: string }) => void (reason !== undefined && said.push(reason));
  return { debug() {}, info() {}, warn: keep, error: keep };
}
