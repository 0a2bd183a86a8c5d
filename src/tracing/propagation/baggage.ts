/** The `baggage` header (W3C Baggage), read and written within the limits of the standard. */
import type { RawHeaders } from '../../domain/span.ts';
import type { BaggageEntry, Carried, Propagated, Propagator } from './propagator.ts';
import { headerValues } from './raw-headers.ts';
import type { SpanContext } from './span-context.ts';

const HEADER = 'baggage';
const MAX_MEMBERS = 180;
const MAX_MEMBER_LENGTH = 4096;
const MAX_LENGTH = 8192;

export class BaggagePropagator implements Propagator {
  /** Members beyond a limit are left out. */
  inject(_: SpanContext, carried: Carried | undefined): readonly string[] {
    const members = Array.from(carried?.baggage ?? [], memberOf).filter(({ length }) => length <= MAX_MEMBER_LENGTH);
    let header = '';
    for (const member of members.slice(0, MAX_MEMBERS)) {
      const longer = header === '' ? member : `${header},${member}`;
      if (longer.length <= MAX_LENGTH) header = longer;
    }
    return header === '' ? [] : [HEADER, header];
  }

  extract(headers: RawHeaders, found: Propagated): Propagated {
    const values = headerValues(headers, HEADER);
    if (values === undefined) return found;
    const entries: Record<string, BaggageEntry> = Object.create(null);
    let count = 0;
    let length = 0;
    for (const header of typeof values === 'string' ? [values] : values) {
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
    if (count === 0) return found;
    return { ...found, others: { ...found.others, baggage: new Map(Object.entries(entries)) } };
  }
}

function memberOf([key, { value, metadata }]: [string, BaggageEntry]): string {
  const pair = `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  return metadata === undefined ? pair : `${pair};${metadata}`;
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
  return { key, entry: { value, metadata: properties === '' ? undefined : properties } };
}

/** Undefined for malformed percent-encoding. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
