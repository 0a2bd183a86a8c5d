/** The resource of traces, metrics and logs (OTel semantic conventions, "Resource"). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { TracingConfig } from './tracing.ts';

/** One for each process. */
const INSTANCE_ID = randomUUID();

/** The configuration overrides detected attributes; an empty value removes an attribute. */
export function resourceAttributes(config: TracingConfig, serviceVersion: string): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    'service.name': config.service_name,
    'service.version': serviceVersion,
    'service.instance.id': INSTANCE_ID,
    'deployment.environment.name': config.environment ?? '',
    'host.name': hostname(),
    'process.pid': process.pid,
    ...config.resource,
    // They describe this code, so nothing overrides them.
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'mizuchi-uploadr',
    'telemetry.sdk.version': serviceVersion,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
}
