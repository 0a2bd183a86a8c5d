/** The resource and the scope of a signal, encoded. */
import { bytesField } from '../../kit/protobuf.ts';
import { keyValue } from './attribute-encoder.ts';

export const SCOPE_NAME = 'mizuchi-uploadr';

export type ResourceAttributes = Readonly<Record<string, string | number>>;

/** Field 1 of ResourceSpans, ResourceMetrics and ResourceLogs. */
export function encodeResource(attributes: ResourceAttributes): Uint8Array {
  const fields = Object.entries(attributes).map(([key, value]) => bytesField(1, keyValue(key, value)));
  return bytesField(1, fields);
}

/** Field 1 of ScopeSpans, ScopeMetrics and ScopeLogs. */
export function encodeScope(name: string, version?: string): Uint8Array {
  return bytesField(1, [bytesField(1, name), ...(version === undefined ? [] : [bytesField(2, version)])]);
}
