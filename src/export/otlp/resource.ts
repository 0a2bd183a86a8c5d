/** The resource and the scope of a signal, encoded. */
import { bytesField } from '../../kit/protobuf.ts';
import { keyValue } from './attribute-encoder.ts';

export const SCOPE_NAME = 'mizuchi-uploadr';

/** Schema of the attribute names (OTel specification, "Telemetry Schemas"): the version of the semantic conventions that they follow. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

export type ResourceAttributes = Readonly<Record<string, string | number>>;

/** Fields 1 and 3 of ResourceSpans, ResourceMetrics and ResourceLogs. */
export function encodeResource(attributes: ResourceAttributes, schemaUrl?: string): Uint8Array {
  const fields = Object.entries(attributes).map(([key, value]) => bytesField(1, keyValue(key, value)));
  return Buffer.concat([bytesField(1, fields), schema(schemaUrl)]);
}

export interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** Fields 1 and 3 of ScopeSpans, ScopeMetrics and ScopeLogs. */
export function encodeScope({ name, version, schemaUrl }: Scope): Uint8Array {
  const fields = [bytesField(1, name), ...(version === undefined ? [] : [bytesField(2, version)])];
  return Buffer.concat([bytesField(1, fields), schema(schemaUrl)]);
}

function schema(url: string | undefined): Uint8Array {
  return url === undefined ? new Uint8Array() : bytesField(3, url);
}
