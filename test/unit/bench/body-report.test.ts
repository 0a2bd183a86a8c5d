import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type BodyContestant,
  counterpart,
  isGateway,
  SETS,
  selected,
} from '../../../bench/support/body-contestants.ts';
import { type Race, racesOf } from '../../../bench/support/body-races.ts';
import { raceReport } from '../../../bench/support/body-report.ts';
import { verdictLines } from '../../../bench/support/body-targets.ts';
import { readOptions } from '../../../bench/support/options.ts';
import { RaceResult } from '../../../bench/support/race-result.ts';
import { seededRandom } from '../../../bench/support/statistics.ts';

const titled = (race: string): Race =>
  racesOf(readOptions(['--race', race], ['race']), () => true).find(({ title }) => title === race)!;

/** @param cpu of one upload, in seconds. */
function resultOf(race: Race, cpu: (contestant: BodyContestant) => number): RaceResult {
  const costs = race.contestants.map((one) => {
    const micros = cpu(one) * 1e6;
    return [{ all: micros, main: micros, clock: 1_000_000 }];
  });
  return new RaceResult(race, [costs], seededRandom(1));
}

/** A gateway that halves its CPU where it may choose the way. */
const half = (contestant: BodyContestant): number =>
  isGateway(contestant) ? (contestant.upload.way === 'auto' ? 0.5 : 1) : contestant.who === 'none' ? 0 : 0.4;

describe('the sets of contestants', () => {
  for (const [name, contestants] of Object.entries(SETS)) {
    it(`have all that they are compared to: ${name}`, () => {
      const names = new Set(contestants.map((one) => one.name));
      assert.equal(names.size, contestants.length);
      for (const one of contestants) {
        const twins = name === 'small' ? [] : one.against;
        for (const other of isGateway(one) ? [...twins, 'plain'] : [counterpart(one)]) {
          assert.ok(names.has(other), `${one.name} by ${other}`);
        }
      }
    });
  }

  it('keep the baselines of the selected contestants', () => {
    const names = selected(SETS.large, 'HAProxy').map(({ name }) => name);
    assert.deepEqual(names, [
      'plain',
      'plain, streamed',
      'plain, streamed, again',
      'plain, anonymous',
      'plain, anonymous, streamed',
      'HAProxy',
      'HAProxy, splice',
    ]);
  });
});

describe('the report of bodies', () => {
  it('compares each form with the gateway that streams it, and each program with the gateway', () => {
    const race = titled('1 GiB');
    const text = raceReport(race, resultOf(race, half), '1 heat', false);
    assert.match(text, /^ {2}CRC32, anonymous +×0\.500 \[0\.500, 0\.500\] .* 0\.500 +1\.000 +1024 +1024$/m);
    assert.match(text, /^ {2}HAProxy, splice +×1\.250 \[1\.250, 1\.250\] +×2\.500 \[2\.500, 2\.500\] +0\.400 +1024$/m);
    assert.match(text, /^ {2}none: the store itself +1024$/m);
  });

  it('has forms that are not streamed', () => {
    const race = titled('1 KiB');
    const text = raceReport(race, resultOf(race, half), '1 heat', false);
    assert.match(text, /^ {2}Content-MD5 +×1\.000 \[1\.000, 1\.000\] +500000$/m);
  });

  it('has the targets of the large bodies', () => {
    const race = titled('16 MiB, 64 at once');
    const lines = verdictLines(race.targets, resultOf(race, half)).map((line) => line.replace(/ \[.*/, ''));
    assert.deepEqual(lines, [
      'target ≤ ×1.10: missed: plain, anonymous by HAProxy, splice ×1.250',
      'target ≤ ×1.00: missed: CRC32, anonymous by HAProxy ×1.250',
      'target ≤ ×1.00 (noise included): met: plain by plain, streamed ×0.500',
      'target ≤ ×1.00 (noise included): met: plain, anonymous by plain, anonymous, streamed ×0.500',
      'target ≤ ×1.00 (noise included): met: CRC32, anonymous by CRC32, anonymous, streamed ×0.500',
    ]);
  });

  it('has the targets of the verified forms: one for CRCs, one for the others', () => {
    const race = titled('64 MiB');
    const slower = (one: BodyContestant) => (isGateway(one) && one.upload.way === 'auto' ? 0.8 : 1);
    const lines = verdictLines(race.targets, resultOf(race, slower));
    const about = (limit: string) => lines.filter((line) => line.startsWith(`target ≤ ×${limit}`));
    assert.equal(about('0.65').length, 6);
    assert.equal(about('0.85').length, 3);
    assert.ok(about('0.65').every((line) => line.includes(': missed: ')));
    assert.ok(about('0.85').every((line) => line.includes(': met: ')));
  });

  it('allows the noise where a form is not to be dearer', () => {
    const race = titled('64 KiB');
    const noisy = (again: number) => (one: BodyContestant) =>
      one.name.endsWith('again') ? again : isGateway(one) && one.upload.way === 'auto' ? 1.05 : 1;
    const first = (again: number) => verdictLines(race.targets, resultOf(race, noisy(again)))[0]!;
    assert.match(first(1.01), /^target ≤ ×1\.01 \(noise included\): missed: plain by plain, streamed ×1\.050/);
    assert.match(first(1.1), /^target ≤ ×1\.10 \(noise included\): met: /);
  });
});

describe('the races of bodies', () => {
  it('are chosen by the start of their title', () => {
    const titles = (...args: string[]) => racesOf(readOptions(args, ['race']), () => true).map(({ title }) => title);
    assert.deepEqual(titles('--race', '64'), ['64 KiB', '64 MiB']);
    assert.deepEqual(titles('--race', '1'), ['1 KiB', '128 KiB', '1 MiB', '16 MiB, 64 at once', '1 GiB']);
    assert.throws(() => titles('--race', 'huge'), /no race has a title that starts with huge/);
  });

  it('leave out a program that is missing', () => {
    const [race] = racesOf(readOptions(['--race', '1 GiB'], ['race']), ({ who }) => who !== 'nginx');
    assert.ok(!race!.contestants.some(({ who }) => who === 'nginx'));
  });
});
