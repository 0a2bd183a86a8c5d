/** Raw headers as the carriers of `@opentelemetry/api`. */
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import type { RawHeaders } from '../../domain/span.ts';
import { headerValues } from '../propagation/raw-headers.ts';

export const rawHeadersGetter: TextMapGetter<RawHeaders> = {
  keys: (headers) => headers.filter((_, at) => at % 2 === 0),
  get: (headers, name) => headerValues(headers, name.toLowerCase()),
};

const rawHeadersSetter: TextMapSetter<string[]> = {
  set: (headers, name, value) => {
    headers.push(name, value);
  },
};

/** The headers that carry a context to the next service. */
export function headersOf(propagator: TextMapPropagator, context: Context): readonly string[] {
  const headers: string[] = [];
  propagator.inject(context, headers, rawHeadersSetter);
  return headers;
}
