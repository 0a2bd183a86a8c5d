/** Headers by name in a list of name, value, name, value. Names have any case, and a header may be there several times. */
import type { RawHeaders } from '../../domain/span.ts';

/** @param name lower case. @returns a list if there are several. */
export function headerValues(headers: RawHeaders, name: string): string | string[] | undefined {
  let found: string | string[] | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    const candidate = headers[at]!;
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    const value = headers[at + 1]!;
    if (found === undefined) found = value;
    else if (typeof found === 'string') found = [found, value];
    else found.push(value);
  }
  return found;
}

/** The first value of a header that may be there several times. @param name lower case. */
export function firstHeader(headers: RawHeaders, name: string): string | undefined {
  const values = headerValues(headers, name);
  return typeof values === 'object' ? values[0] : values;
}
