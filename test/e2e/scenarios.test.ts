/** Scenario → the response, the trace, the log line and the metric. The sides of failures, the outcomes of uploads, and slow uploads. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILURES } from '../../src/domain/failures.ts';
import { inMemoryTraces } from '../support/scenarios/in-memory-traces.ts';
import { describeScenarios } from '../support/scenarios/run-scenarios.ts';
import { FAILING, SLOW, WITHOUT_SCENARIO } from '../support/scenarios/scenarios.ts';

describeScenarios('a scenario', inMemoryTraces, FAILING, SLOW);

describe('the table of scenarios', () => {
  it('has each name once', () => {
    const names = [...FAILING, ...SLOW].map(({ what }) => what);
    assert.equal(new Set(names).size, names.length);
  });

  it('has each type of failure, but for the exceptions', () => {
    const types = new Set<string>(FAILING.map(({ expected }) => expected.type));
    const missing = Object.keys(FAILURES).filter((type) => !types.has(type));
    assert.deepEqual(missing, Object.keys(WITHOUT_SCENARIO));
  });
});
