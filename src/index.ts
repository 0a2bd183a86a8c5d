/** The public API of the package: a gateway inside your own process. */
export { type App, type AppOptions, startApp } from './app.ts';
export type { Config } from './config/config.ts';
export { ConfigError } from './config/config-error.ts';
export { loadConfig } from './config/load-config.ts';
