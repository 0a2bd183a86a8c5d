/** Preloaded with --import: packages whose names begin with HIDDEN_PACKAGES are not found, as if they were not installed. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!specifier.startsWith(process.env.HIDDEN_PACKAGES!)) return nextResolve(specifier, context);
    throw Object.assign(new Error(`Cannot find package ${specifier}`), { code: 'MODULE_NOT_FOUND' });
  },
});
