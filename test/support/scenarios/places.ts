/** The places in which the time of a request can pass, and where the trace shows each. */
import type { ReadSpan, ReadTrace } from './trace.ts';

/** A wait shorter than this is not long. */
const LONG_SECONDS = 0.6;

const attribute =
  (name: string, least = LONG_SECONDS) =>
  (trace: ReadTrace): boolean =>
    trace.some(({ attributes }) => Number(attributes[name] ?? 0) >= least);
const span =
  (name: string) =>
  (trace: ReadTrace): boolean =>
    trace.some((each: ReadSpan) => each.name === name && each.seconds >= LONG_SECONDS);

interface PlaceShape {
  /** How the trace shows it, for the documentation. */
  readonly shown: string;
  isLong(trace: ReadTrace): boolean;
}

export const PLACES = {
  client: { shown: '`upload.client_wait_seconds` of `s3.upload`', isLong: attribute('upload.client_wait_seconds') },
  store: { shown: '`upload.store_wait_seconds` of `s3.upload`', isLong: attribute('upload.store_wait_seconds') },
  connection: {
    shown: '`upload.connection_wait_seconds` of `s3.upload`',
    isLong: attribute('upload.connection_wait_seconds'),
  },
  memory: { shown: '`upload.memory_wait_seconds` of `s3.upload`', isLong: attribute('upload.memory_wait_seconds') },
  retry: {
    shown: '`s3.retry_wait_seconds` of the second `aws.s3.*` span',
    isLong: attribute('s3.retry_wait_seconds', Number.MIN_VALUE),
  },
  engine: { shown: 'the duration of `authz.opa` or `authz.openfga`', isLong: span('authz.opa') },
  engine_line: {
    shown: '`authz.queue_seconds` of `authz.opa` or `authz.openfga`',
    isLong: attribute('authz.queue_seconds'),
  },
  identity_provider: {
    shown: '`auth.jwks_wait_seconds` of `auth.verify`',
    isLong: attribute('auth.jwks_wait_seconds'),
  },
} as const satisfies Record<string, PlaceShape>;

export type Place = keyof typeof PLACES;

export function longPlaces(trace: ReadTrace): Place[] {
  return (Object.keys(PLACES) as Place[]).filter((place) => PLACES[place].isLong(trace)).sort();
}
