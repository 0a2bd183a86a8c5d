import { RESPONSES } from '../../fuzz/parsers/responses.ts';
import { testLinearTime } from '../../support/linear-time.ts';

testLinearTime(RESPONSES);
