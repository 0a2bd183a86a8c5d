/** The table of scenarios, read back from a real Jaeger. */
import { describeScenarios } from '../support/scenarios/run-scenarios.ts';
import { FAILING, SLOW } from '../support/scenarios/scenarios.ts';
import { jaegerTraces } from './support/jaeger-traces.ts';

describeScenarios('a scenario in a real Jaeger', jaegerTraces, FAILING, SLOW);
