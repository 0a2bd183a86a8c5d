/**
 * How V8 keeps its heap in a process that is a gateway and nothing else; imported before everything else, because what it forbids happens
 * while modules load. V8 notes which literals of the code make objects that live long, and places theirs among the old ones from then on. At
 * start all objects live long, and some of that code serves requests afterwards: `[existing, listener]` in node:events, say. Each
 * request then leaves an old object that nobody needs, and what hangs on it is moved among the old ones as well, by pauses of
 * 8 ms instead of 1 (docs/decisions/short-lived-entries.md).
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-allocation-site-pretenuring');
