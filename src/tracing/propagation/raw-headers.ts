/** How a propagator reads the headers of a request and writes those of the next: lists of name, value, name, value. */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import type { RawHeaders } from '../../domain/span.ts';

/** Names in any case; a header that was sent several times gives all its values. */
export const rawHeadersGetter: TextMapGetter<RawHeaders> = {
  keys: (headers) => headers.filter((_, at) => at % 2 === 0),
  get(headers, wanted) {
    const name = wanted.toLowerCase();
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
  },
};

const rawHeadersSetter: TextMapSetter<string[]> = {
  set: (headers, name, value) => {
    headers.push(name, value);
  },
};

/** The first value of a header that may have been sent several times. */
export function firstHeader(values: string | string[] | undefined): string | undefined {
  return typeof values === 'object' ? values[0] : values;
}

/** The headers that carry a context to the next service. */
export function headersOf(propagator: TextMapPropagator, context: Context): readonly string[] {
  const headers: string[] = [];
  propagator.inject(context, headers, rawHeadersSetter);
  return headers;
}
