import { CREDENTIALS } from '../../fuzz/parsers/credentials.ts';
import { testLinearTime } from '../../support/linear-time.ts';

testLinearTime(CREDENTIALS);
