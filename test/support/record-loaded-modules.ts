/** Preloaded with --import: writes the URL of every module that the process loads, one a line, into the file LOADED_MODULES names. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(process.env.LOADED_MODULES!, `${url}\n`);
    return nextLoad(url, context);
  },
});
