/** The options that the benchmarks of whole gateways have in common, and what they mean for small objects. */
import { parseArgs } from 'node:util';
import type { Load } from './arena.ts';
import type { Plan } from './rounds.ts';

export interface Options {
  readonly heats: number;
  /** For objects of 1 KiB. */
  readonly small: Plan;
  readonly seed: number;
  /** Part of a name; empty for all contestants. */
  readonly only: string;
  readonly smoke: boolean;
  /** A folder for V8's CPU profiles. */
  readonly profile: string | undefined;
  /** The start of a title; empty for all races. */
  readonly race: string;
  /** Whether the figures are written to docs/performance.md. */
  readonly write: boolean;
}

/** Options of some benchmarks only. */
type OwnOption = 'race' | 'write';

/** Bytes. */
export const SMALL_OBJECT = 1024;

const LOAD: Load = { size: SMALL_OBJECT, connections: 16, millis: 25, requests: Number.MAX_SAFE_INTEGER };
export const SMOKE: Omit<Plan, 'load'> = { turns: 2, warmUp: 1, rounds: 2 };

/** @param own the options of this benchmark only. @throws Error if an option is unknown or not a number. */
export function readOptions(args: string[], own: readonly OwnOption[] = []): Options {
  const { values } = parseArgs({
    args,
    options: {
      heats: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      smoke: { type: 'boolean', default: false },
      profile: { type: 'string' },
      race: { type: 'string' },
      write: { type: 'boolean' },
    },
  });
  for (const name of ['race', 'write'] as const) {
    if (values[name] !== undefined && !own.includes(name))
      throw new Error(`--${name} is not an option of this benchmark`);
  }
  const { only, race = '', write = false, smoke, profile } = values;
  const common = { only, race, write, smoke, profile, seed: natural('--seed', values.seed) };
  if (smoke) return { ...common, heats: 1, small: { load: LOAD, ...SMOKE } };
  const small = { load: LOAD, turns: 12, warmUp: 24, rounds: natural('--rounds', values.rounds) };
  return { ...common, heats: natural('--heats', values.heats), small };
}

function natural(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option} is not a positive whole number`);
  return Number(text);
}
