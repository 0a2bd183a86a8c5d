/** Tries the collector with one real span, sampled whatever the configuration says. */
import type { TracingConfig } from '../../config/tracing.ts';
import type { Log } from '../../domain/log.ts';
import { type Finding, fails, find, works } from './finding.ts';

const PATIENCE_MILLIS = 10_000;

export async function examineCollector(config: TracingConfig, directory: string): Promise<Finding[]> {
  if (!config.enabled || config.provider === 'global' || config.exporter === 'console') return [];
  return [await find(`collector ${config.otlp.endpoint}`, () => sendSpan(config, directory))];
}

async function sendSpan(config: TracingConfig, directory: string) {
  const said: string[] = [];
  const { startNative } = await import('../../tracing/start.ts');
  const handle = await startNative(
    { ...config, fallback: 'none', sampling: { ...config.sampling, strategy: 'always' } },
    { log: listening(said), directory, deadlineMillis: PATIENCE_MILLIS },
  );
  const span = handle.tracer.startRequest([], { 'url.path': '/mizuchi-doctor' });
  span.end();
  await handle.shutdown(PATIENCE_MILLIS);
  const { exported, dropped } = handle.stats();
  if (exported === 1) return works(`it took a span: trace ${span.traceId}, service ${config.service_name}`);
  const [reason = 'not delivered'] = Object.entries(dropped).flatMap(([why, count]) => (count > 0 ? [why] : []));
  return fails([reason, ...said].join('; '), MEND);
}

const MEND =
  'check tracing.otlp: endpoint, protocol (port 4317 is usually grpc, 4318 http/protobuf), headers; uploads go on without it';

/** What the tracer says of the collector. */
function listening(said: string[]): Log {
  const keep = ({ reason }: { reason?: string }) => void (reason !== undefined && said.push(reason));
  return { debug() {}, info() {}, warn: keep, error: keep };
}
