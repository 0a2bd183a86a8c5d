/**
 * Every parser of text from outside. Whoever adds one adds a row here: the tests of growth (test/unit/linear-time/) and the
 * fuzzer then feed it, and one of these tests fails where a file of src that reads text has no row.
 */

import { BODIES } from './bodies.ts';
import { CREDENTIALS } from './credentials.ts';
import { EMBEDDED_STORE } from './embedded-store.ts';
import { HEADS } from './heads.ts';
import type { Parser } from './parser.ts';
import { RESPONSES } from './responses.ts';

export const PARSERS: readonly Parser[] = [...HEADS, ...CREDENTIALS, ...BODIES, ...RESPONSES, ...EMBEDDED_STORE];
