/** The two series above the uploads: received bytes per second and uploads in flight, of the last five minutes. */
import type { UploadsDocument } from '../../src/view/documents.ts';

export interface Series {
  /** Unix time in seconds. */
  readonly times: readonly number[];
  readonly rates: readonly number[];
  readonly counts: readonly number[];
}

const SERIES_SECONDS = 300;

export const NO_SERIES: Series = { times: [], rates: [], counts: [] };

export function addPoint(series: Series, { at, bytes_per_second, total }: UploadsDocument): Series {
  const time = at / 1000;
  if (time <= (series.times.at(-1) ?? 0)) return series;
  const first = series.times.findIndex((each) => each >= time - SERIES_SECONDS);
  const kept = first === -1 ? series.times.length : first;
  return {
    times: [...series.times.slice(kept), time],
    rates: [...series.rates.slice(kept), bytes_per_second],
    counts: [...series.counts.slice(kept), total],
  };
}
