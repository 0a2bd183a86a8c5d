/** The resource and the scope of all our spans, encoded. */
import { bytesField } from '../kit/protobuf.ts';
import { keyValue } from './recorder/attribute-encoder.ts';

export const SCOPE_NAME = 'mizuchi-uploadr';

/** The `resource` field of ResourceSpans. */
export function encodeResource(attributes: Readonly<Record<string, string | number>>): Uint8Array {
  const fields = Object.entries(attributes).map(([key, value]) => bytesField(1, keyValue(key, value)));
  return bytesField(1, fields);
}

/** The `scope` field of ScopeSpans. */
export function encodeScope(name: string, version: string): Uint8Array {
  return bytesField(1, [bytesField(1, name), bytesField(2, version)]);
}
