/** Tries which promises about bytes a store verifies itself, and compares them with `s3.verifies`. */
import { randomUUID } from 'node:crypto';
import type { BucketConfig } from '../../config/bucket.ts';
import { sentPromises } from '../../config/verified-promises.ts';
import { PROMISE_NAMES, type PromiseName } from '../../domain/promise-names.ts';
import { headerRulesOf, openStore } from '../bucket/store.ts';
import type { AppContext } from '../context.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, find, works } from './finding.ts';
import { type PromiseTrial, tryPromise } from './try-promise.ts';

/** Call it for a store that works. */
export function examinePromises(bucket: BucketConfig, lifetime: Lifetime, context: AppContext): Promise<Finding> {
  const { name, s3 } = bucket;
  return find(`bucket ${name}, s3.verifies`, async () => {
    const store = await openStore(bucket, lifetime, context);
    const key = `.mizuchi-doctor/${randomUUID()}`;
    const tried = { store, headerRules: headerRulesOf(bucket), key };
    const promises = sentPromises(s3.client_checksums);
    const trials = await Promise.all(promises.map((each) => tryPromise(tried, each, s3.verifies.includes(each))));
    return compared(trials, s3.verifies, key);
  });
}

/** @param listed the promises in `s3.verifies`. @param key of the object that remains if the store accepted one. */
export function compared(
  trials: readonly PromiseTrial[],
  listed: readonly PromiseName[],
  key: string,
): Omit<Finding, 'what'> {
  const verified = namesOf(trials, 'verified');
  const wrong = namesOf(trials, 'ignored').filter((name) => listed.includes(name));
  const how = [described(trials, listed), remainder(trials, key)].filter(Boolean).join('; ');
  const line = `verifies: [${PROMISE_NAMES.filter((name) => isWanted(name, { verified, wrong, listed })).join(', ')}]`;
  if (wrong.length > 0) {
    const hint = `set s3.${line}; otherwise the store may store bytes that do not match ${wrong.join(', ')}`;
    return { works: false, how, hint };
  }
  const missing = verified.filter((name) => !listed.includes(name));
  if (missing.length === 0) return works(how);
  return { ...works(how), hint: `with this line below s3, the gateway may leave them to the store: ${line}` };
}

interface Names {
  readonly verified: readonly PromiseName[];
  readonly wrong: readonly PromiseName[];
  readonly listed: readonly PromiseName[];
}

/** An unclear promise stays as it is configured. */
const isWanted = (name: PromiseName, { verified, wrong, listed }: Names): boolean =>
  verified.includes(name) || (listed.includes(name) && !wrong.includes(name));

type Verdict = PromiseTrial['part']['verdict'];

/** One accepted part or object is enough: the store ignores the promise. */
function verdictOf({ part, object }: PromiseTrial): Verdict {
  const verdicts = [part.verdict, object?.verdict];
  if (verdicts.includes('ignored')) return 'ignored';
  return verdicts.includes('verified') ? 'verified' : 'unclear';
}

function namesOf(trials: readonly PromiseTrial[], verdict: Verdict): readonly PromiseName[] {
  return trials.filter((trial) => verdictOf(trial) === verdict).map(({ promise }) => promise);
}

function described(trials: readonly PromiseTrial[], listed: readonly PromiseName[]): string {
  const verified = namesOf(trials, 'verified').join(', ') || 'none';
  const ignored = namesOf(trials, 'ignored').map((name) => (listed.includes(name) ? `${name} (listed)` : name));
  const unclear = trials.filter((trial) => verdictOf(trial) === 'unclear').map(withCause);
  return [
    `the store verifies ${verified}`,
    ...(ignored.length > 0 ? [`it ignores ${ignored.join(', ')}`] : []),
    ...(unclear.length > 0 ? [`it did not accept ${unclear.join(', ')}`] : []),
  ].join('; ');
}

function withCause({ promise, part, object }: PromiseTrial): string {
  const { code } = (object ?? part).failure!;
  return `${promise} (${code})`;
}

function remainder(trials: readonly PromiseTrial[], key: string): string | undefined {
  const isStored = trials.some(({ object }) => object?.verdict === 'ignored');
  return isStored ? `it has stored a wrong object: delete ${key}` : undefined;
}
