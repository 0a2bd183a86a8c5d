/** Who speaks: the resource and the scope of all our spans (OTel semantic conventions, "Resource"). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { TracingConfig } from '../config/tracing.ts';
import { bytesField } from '../kit/protobuf.ts';
import { keyValue } from './recorder/attribute-encoder.ts';

export const SCOPE_NAME = 'mizuchi-uploadr';

/** What the configuration sets wins over what we find out; an empty value removes an attribute. */
export function resourceAttributes(config: TracingConfig, serviceVersion: string): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    'service.name': config.service_name,
    'service.version': serviceVersion,
    'service.instance.id': randomUUID(),
    'deployment.environment.name': config.environment ?? '',
    'host.name': hostname(),
    'process.pid': process.pid,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': SCOPE_NAME,
    'telemetry.sdk.version': serviceVersion,
    ...config.resource,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
}

/** The `resource` field of ResourceSpans. */
export function encodeResource(attributes: Readonly<Record<string, string | number>>): Uint8Array {
  const fields = Object.entries(attributes).map(([key, value]) => bytesField(1, keyValue(key, value)));
  return bytesField(1, fields);
}

/** The `scope` field of ScopeSpans. */
export function encodeScope(name: string, version: string): Uint8Array {
  return bytesField(1, [bytesField(1, name), bytesField(2, version)]);
}
