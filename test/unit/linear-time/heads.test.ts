import { HEADS } from '../../fuzz/parsers/heads.ts';
import { testLinearTime } from '../../support/linear-time.ts';

testLinearTime(HEADS);
