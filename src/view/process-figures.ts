/** Certificates, workers and the start of the gateway, from its metrics. */
import type { Certificate, HealthDocument } from './documents.ts';
import type { SeriesValues } from './series-values.ts';

const DAY_MILLIS = 86_400_000;

/** @param now milliseconds of Unix time. */
export function certificatesOf(values: SeriesValues, now: number): Certificate[] {
  return values.all('mizuchi_tls_certificate_not_after_timestamp_seconds').map(({ labels, value }) => {
    const expires_at = Math.round(value * 1000);
    return { use: labels[0]!, expires_at, days_left: Math.floor((expires_at - now) / DAY_MILLIS) };
  });
}

/** @returns null without workers. */
export function workerFigures(values: SeriesValues): HealthDocument['workers'] {
  const wanted = values.one('mizuchi_workers', ['wanted']);
  if (wanted === undefined) return null;
  const running = values.one('mizuchi_workers', ['running']) ?? 0;
  return { running, wanted, failures: values.one('mizuchi_worker_failures') ?? 0 };
}

/** Milliseconds of Unix time. Without metrics it is the start of this process. */
export function startedAt(values: SeriesValues): number {
  const seconds = values.one('process_start_time_seconds');
  return Math.round(seconds === undefined ? performance.timeOrigin : seconds * 1000);
}
