import { EMBEDDED_STORE } from '../../fuzz/parsers/embedded-store.ts';
import { testLinearTime } from '../../support/linear-time.ts';

testLinearTime(EMBEDDED_STORE);
