/** The syntax of values in OpenTelemetry variables (OTel specification, "Configuration types"). */
import type { Environment } from './expand.ts';
import type { Parsed } from './field.ts';

/** The trimmed value of a variable; undefined if it is not set or empty. */
export function variableOf(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

export function isTrue(env: Environment, name: string): boolean {
  return variableOf(env, name)?.toLowerCase() === 'true';
}

export const seconds = (text: string): string | undefined =>
  /^\d+$/.test(text) ? String(Number(text) / 1000) : undefined;
export const word = (text: string): string => text.toLowerCase();
/** The items of a list in lower case, without repetitions. */
export const words = (text: string): string[] => [...new Set(text.split(',').map((each) => word(each.trim())))];

const NOT_PAIRS = { wrong: 'is not a list of key=value pairs', hint: 'separate the pairs with commas' };
const NOT_ENCODED = { wrong: 'has a key or a value that is not percent-encoded', hint: 'write % as %25' };

/** Headers: `key1=value1,key2=value2`, percent-encoded (W3C Baggage, without properties). A value may contain `=`. */
export function pairsOf(text: string): Parsed<Record<string, string>> {
  const value: Record<string, string> = Object.create(null);
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const equals = part.indexOf('=');
    const key = decoded(part.slice(0, Math.max(0, equals)));
    const its = decoded(part.slice(equals + 1));
    if (key === '') return NOT_PAIRS;
    if (key === undefined || its === undefined) return NOT_ENCODED;
    value[key] = its;
  }
  return { value };
}

/** Resource attributes: the same, but `,` and `=` in keys and values must be percent-encoded ("Resource SDK"). */
export function attributesOf(text: string): Parsed<Record<string, string>> {
  const unencoded = text.split(',').some((part) => part.split('=').length > 2);
  return unencoded ? { wrong: 'has an = in a value', hint: 'write = as %3D' } : pairsOf(text);
}

/** Undefined for malformed percent-encoding. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
