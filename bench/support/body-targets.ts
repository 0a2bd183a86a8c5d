/** What the gateway is to reach with bodies: limits of its CPU, relative to itself when it streams, and to other servers. */
import { type BodyContestant, isGateway } from './body-contestants.ts';
import type { RaceResult } from './race-result.ts';
import { type Estimate, ratioText, verdict } from './table.ts';

export interface Target {
  /** @returns the comparisons that it is about, of those that took part. */
  readonly of: (contestants: readonly BodyContestant[]) => readonly Compared[];
  readonly limit: number;
  /** Whether the noise of the run counts as equal. */
  readonly orNoise?: boolean;
}

interface Compared {
  readonly name: string;
  readonly by: string;
}

const pair =
  (name: string, by: string): Target['of'] =>
  () => [{ name, by }];

const twins =
  (isMeant: (verifies: string) => boolean): Target['of'] =>
  (contestants) =>
    contestants
      .filter(isGateway)
      .filter(({ upload, verifies }) => upload.way === 'auto' && isMeant(verifies))
      .map(({ name, against }) => ({ name, by: against[0]! }));

/** No form is dearer than when it is streamed. */
const NOT_DEARER: Target = { of: twins(() => true), limit: 1, orNoise: true };

export const SMALL_TARGETS: readonly Target[] = [{ of: pair('plain', 'versitygw'), limit: 1 / 3 }, NOT_DEARER];

export const SIZE_TARGETS: readonly Target[] = [NOT_DEARER];

export const VERIFIED_TARGETS: readonly Target[] = [
  { of: twins((verifies) => verifies === 'CRC'), limit: 0.65 },
  { of: twins((verifies) => verifies === 'other'), limit: 0.85 },
  { of: twins((verifies) => verifies === 'nothing'), limit: 1, orNoise: true },
];

export const LARGE_TARGETS: readonly Target[] = [
  { of: pair('plain, anonymous', 'HAProxy, splice'), limit: 1.1 },
  { of: pair('CRC32, anonymous', 'HAProxy'), limit: 1 },
  NOT_DEARER,
];

/** @returns one line for each comparison of which both sides took part. */
export function verdictLines(targets: readonly Target[], result: RaceResult): string[] {
  return targets.flatMap(({ of, limit, orNoise = false }) => {
    const allowed = orNoise ? Math.max(limit, result.noise.interval.high) : limit;
    return of(result.contestants)
      .filter(({ name, by }) => result.has(name) && result.has(by))
      .map(({ name, by }) => line(name, by, result.ratio(name, by), allowed, orNoise));
  });
}

function line(name: string, by: string, ratio: Estimate, limit: number, orNoise: boolean): string {
  const aim = `≤ ×${limit.toFixed(2)}${orNoise ? ' (noise included)' : ''}`;
  return `target ${aim}: ${verdict(ratio, limit)}: ${name} by ${by} ${ratioText(ratio)}`;
}
