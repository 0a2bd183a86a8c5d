/** Given to `node --import`: adds the row of the test-only engine to src/authz/engines.ts, as its author would by hand. */
import { registerHooks } from 'node:module';

const ENGINES = new URL('../../../../src/authz/engines.ts', import.meta.url).href;
const FILE = new URL('word-engine.ts', import.meta.url).href;
const ROWS = 'const ROWS = [OPA, OPENFGA]';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== ENGINES) return loaded;
    const source = String(loaded.source);
    if (!source.includes(ROWS)) throw new Error(`src/authz/engines.ts has no longer the line ${ROWS}`);
    const row = source.replace(ROWS, 'const ROWS = [OPA, OPENFGA, WORD_ENGINE]');
    return { ...loaded, source: `import { WORD_ENGINE } from ${JSON.stringify(FILE)};\n${row}` };
  },
});
