/** The table of all scenarios, and the failure types that have none. */
import type { FailureType } from '../../../src/domain/failures.ts';
import { ACCESS } from './access.ts';
import { CLIENT_MISTAKES } from './client-mistakes.ts';
import { OUTCOMES } from './outcomes.ts';
import type { ExpectedWait, Scenario } from './scenario.ts';
import { SHUTDOWNS } from './shutdowns.ts';
import { SLOW_UPLOADS } from './slow-uploads.ts';
import { STORE_REFUSALS } from './store-refusals.ts';

export const FAILING: readonly Scenario[] = [
  ...STORE_REFUSALS,
  ...OUTCOMES,
  ...ACCESS,
  ...CLIENT_MISTAKES,
  ...SHUTDOWNS,
];
export const SLOW: readonly Scenario<ExpectedWait>[] = SLOW_UPLOADS;

export const WITHOUT_SCENARIO: Readonly<Partial<Record<FailureType, string>>> = {
  internal_error: 'a defect of the gateway: no known request causes it',
};
