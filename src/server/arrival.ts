/** How a request arrived. Its clock starts at its first byte, so that slow headers and the wait for its turn are visible. */
import type { Span } from '../domain/span.ts';

export interface Arrival {
  /** When its first byte was read, as `performance.now()`. */
  readonly startedAt: number;
  /** Milliseconds from then to the end of its headers. */
  readonly headersMillis: number;
  /** Milliseconds that it then waited for the previous request on its connection. */
  readonly turnMillis: number;
}

/** Headers usually arrive in one read. */
const SHORT_MILLIS = 1;

export function showArrival(span: Span, { headersMillis, turnMillis }: Omit<Arrival, 'startedAt'>): void {
  if (headersMillis >= SHORT_MILLIS) span.set('mizuchi.headers_wait_seconds', headersMillis / 1000);
  if (turnMillis > 0) span.set('http.request.turn_wait_seconds', turnMillis / 1000);
}
