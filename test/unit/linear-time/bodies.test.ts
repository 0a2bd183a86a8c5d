import { BODIES } from '../../fuzz/parsers/bodies.ts';
import { testLinearTime } from '../../support/linear-time.ts';

testLinearTime(BODIES);
