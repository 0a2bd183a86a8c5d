/** The `baggage` header (W3C Baggage), read and written within the limits of the standard. */
import {
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';

const HEADER = 'baggage';
const MAX_MEMBERS = 180;
const MAX_MEMBER_LENGTH = 4096;
const MAX_LENGTH = 8192;

export class BaggagePropagator implements TextMapPropagator {
  fields(): string[] {
    return [HEADER];
  }

  /** Members beyond a limit are left out. */
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
    const members = entries.map(memberOf).filter(({ length }) => length <= MAX_MEMBER_LENGTH);
    let header = '';
    for (const member of members.slice(0, MAX_MEMBERS)) {
      const longer = header === '' ? member : `${header},${member}`;
      if (longer.length <= MAX_LENGTH) header = longer;
    }
    if (header !== '') setter.set(carrier, HEADER, header);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const headers = getter.get(carrier, HEADER);
    if (headers === undefined) return context;
    const entries: Record<string, BaggageEntry> = Object.create(null);
    let count = 0;
    let length = 0;
    for (const header of typeof headers === 'string' ? [headers] : headers) {
      for (const member of header.split(',', MAX_LENGTH)) {
        const parsed = member.length > MAX_MEMBER_LENGTH ? undefined : parse(member);
        if (parsed === undefined) continue;
        const more = member.length + (count === 0 ? 0 : 1);
        if (count === MAX_MEMBERS || length + more > MAX_LENGTH) break;
        entries[parsed.key] = parsed.entry;
        count++;
        length += more;
      }
    }
    return count === 0 ? context : propagation.setBaggage(context, propagation.createBaggage(entries));
  }
}

function memberOf([key, { value, metadata }]: [string, BaggageEntry]): string {
  const pair = `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  return metadata === undefined ? pair : `${pair};${metadata.toString()}`;
}

/** `key=value`, percent-encoded, and properties after a semicolon. Undefined for a malformed member. */
function parse(member: string): { readonly key: string; readonly entry: BaggageEntry } | undefined {
  const semicolon = member.indexOf(';');
  const pair = semicolon < 0 ? member : member.slice(0, semicolon);
  const equals = pair.indexOf('=');
  if (equals <= 0) return undefined;
  const key = decoded(pair.slice(0, equals));
  const value = decoded(pair.slice(equals + 1));
  if (!key || !value) return undefined;
  const properties = semicolon < 0 ? '' : member.slice(semicolon + 1);
  const metadata = properties === '' ? {} : { metadata: baggageEntryMetadataFromString(properties) };
  return { key, entry: { value, ...metadata } };
}

/** Undefined for malformed percent-encoding. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
