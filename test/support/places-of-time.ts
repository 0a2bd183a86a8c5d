/** Where the time of a request went, as its spans tell: one measure for each place, in seconds. */
import type { DecodedSpan } from './otlp-messages.ts';
import { attributesOf } from './request-trace.ts';

type Measure = (spans: readonly DecodedSpan[]) => number;

export const secondsOf = ({ start, end }: DecodedSpan): number => Number(end - start) / 1e9;

export const PLACES = {
  'headers of the client': attribute('mizuchi.headers_wait_seconds'),
  'previous request of the connection': attribute('http.request.turn_wait_seconds'),
  'keys of the identity provider': attribute('auth.jwks_wait_seconds'),
  'queue before the policy engine': attribute('authz.queue_seconds'),
  'policy engine': summed(named('authz.opa'), secondsOf),
  'body of the client': attribute('upload.client_wait_seconds'),
  'part memory': attribute('upload.memory_wait_seconds'),
  'wait for the store': attribute('upload.store_wait_seconds'),
  'queue before the store': attribute('upload.connection_wait_seconds'),
  'DNS of the store': attribute('s3.dns_seconds'),
  'TCP connect to the store': attribute('s3.connect_seconds'),
  'TLS handshake with the store': attribute('s3.tls_seconds'),
  'store that reads': summed(isAttempt, between('s3.first_byte_sent', 's3.last_byte_sent')),
  'store that responds': summed(isAttempt, between('s3.last_byte_sent', 's3.response_headers_received')),
  'pause before another attempt': attribute('s3.retry_wait_seconds', 's3.upload'),
} as const satisfies Readonly<Record<string, Measure>>;

export type Place = keyof typeof PLACES;

export function placesOf(spans: readonly DecodedSpan[]): [Place, number][] {
  return Object.entries(PLACES).map(([place, measure]) => [place as Place, measure(spans)]);
}

/** The parts of a span, which follow each other. Of `s3.upload`: with one attempt at a time, and the body in memory. */
const PARTS: Readonly<Record<string, readonly Measure[]>> = {
  'http.server.request': [
    PLACES['headers of the client'],
    PLACES['previous request of the connection'],
    summed(named('auth.verify'), secondsOf),
    summed(named('authz.check'), secondsOf),
    summed(named('s3.upload'), secondsOf),
  ],
  'authz.check': [PLACES['queue before the policy engine'], PLACES['policy engine']],
  's3.upload': [
    PLACES['body of the client'],
    PLACES['part memory'],
    PLACES['queue before the store'],
    PLACES['pause before another attempt'],
    summed(isAttempt, secondsOf),
  ],
  'aws.s3.put_object': [
    attribute('s3.connection_wait_seconds'),
    PLACES['store that reads'],
    PLACES['store that responds'],
  ],
};

/** Seconds of each span that are in none of its parts. */
export function unexplained(spans: readonly DecodedSpan[]): [span: string, seconds: number][] {
  return Object.entries(PARTS).map(([name, parts]) => {
    const whole = secondsOf(spans.find(named(name))!);
    return [name, parts.reduce((rest, part) => rest - part(spans), whole)];
  });
}

function named(name: string): (span: DecodedSpan) => boolean {
  return (span) => span.name === name;
}

function isAttempt({ name }: DecodedSpan): boolean {
  return name.startsWith('aws.s3.');
}

/** @param only the span that has it; any unless given. */
function attribute(name: string, only?: string): Measure {
  const has = only === undefined ? () => true : named(only);
  return summed(has, (span) => Number(attributesOf(span)[name] ?? 0));
}

function summed(belongs: (span: DecodedSpan) => boolean, measure: (span: DecodedSpan) => number): Measure {
  return (spans) => spans.filter(belongs).reduce((sum, span) => sum + measure(span), 0);
}

function between(first: string, second: string): (span: DecodedSpan) => number {
  return ({ events }) => {
    const [from, to] = [first, second].map((name) => events.find((event) => event.name === name)?.time);
    return from === undefined || to === undefined ? 0 : Number(to - from) / 1e9;
  };
}
