/** Selects the fault for a request: the first matching rule. Probabilities use a seed, so that runs are reproducible. */
import type { FaultRule } from '../../config/faults.ts';
import { OPERATIONS, type OperationName } from '../../domain/operation.ts';
import { percentDecode } from '../../kit/percent.ts';
import { seededRandom } from '../../kit/seeded-random.ts';

/** The properties of a request that rules match. */
export interface ProxiedRequest {
  /** Undefined if it is not an upload operation. */
  readonly operation: OperationName | undefined;
  /** The path without the bucket, decoded. */
  readonly key: string;
  readonly part: number | undefined;
}

/** @param target of a request to a store that is addressed by path. */
export function proxiedRequestOf(method: string, target: string): ProxiedRequest {
  const [path, query = ''] = target.split('?', 2) as [string, string | undefined];
  const parameters = new URLSearchParams(query);
  const found = (Object.keys(OPERATIONS) as OperationName[]).find((name) => {
    const { method: wanted, requires } = OPERATIONS[name];
    const others = ['uploads', 'uploadId', 'partNumber'].filter(
      (each) => !(requires as readonly string[]).includes(each),
    );
    return (
      wanted === method &&
      requires.every((each) => parameters.has(each)) &&
      !others.some((each) => parameters.has(each))
    );
  });
  const part = parameters.get('partNumber');
  const key = percentDecode(path.replace(/^\/[^/]*\/?/, '')) ?? '';
  return { operation: found, key, part: part === null ? undefined : Number(part) };
}

export class FaultChooser {
  readonly #rules: { readonly rule: FaultRule; seen: number }[];
  readonly #draw: () => number;

  constructor(rules: readonly FaultRule[], seed: number) {
    this.#rules = rules.map((rule) => ({ rule, seen: 0 }));
    this.#draw = seededRandom(seed);
  }

  choose(proxied: ProxiedRequest): FaultRule | undefined {
    for (const entry of this.#rules) {
      const { skip, times = Number.POSITIVE_INFINITY, probability } = entry.rule;
      if (!fits(entry.rule, proxied)) continue;
      const turn = entry.seen++;
      if (turn < skip || turn >= skip + times) continue;
      if (probability >= 1 || this.#draw() < probability) return entry.rule;
    }
    return undefined;
  }
}

function fits({ operation, key, part }: FaultRule, proxied: ProxiedRequest): boolean {
  if (operation !== undefined && operation !== proxied.operation) return false;
  if (key !== undefined && key !== proxied.key) return false;
  return part === undefined || part === proxied.part;
}
