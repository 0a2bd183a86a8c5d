/**
 * V8 heap flags for a process that only runs the gateway. They take effect while modules load, so this file is imported first. V8 notes
 * which literals of the code create objects that live long, and allocates later ones in the old generation. At the start all objects
 * live long, and some of that code then serves requests: `[existing, listener]` in node:events, for example. Each request would leave
 * a useless old object. Everything that it references would move to the old generation too, with pauses of 8 ms instead of 1
 * (docs/decisions/short-lived-entries.md). Sizes of the heap are flags that V8 reads when a process starts: src/workers/young-generation.ts.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-allocation-site-pretenuring');
