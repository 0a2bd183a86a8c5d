/** The configuration in use, and the outcome of the last reload. The names are those of Prometheus for its own configuration. */
import type { Registry } from './registry.ts';

export interface ConfigFigures {
  /** @param sha256 of the file, in hex. */
  used(sha256: string): void;
  failed(): void;
}

export function watchConfig(registry: Registry): ConfigFigures {
  return {
    used(sha256) {
      registry.clear('mizuchi_config_info');
      registry.set('mizuchi_config_info', [sha256], 1);
      registry.set('mizuchi_config_last_reload_successful', [], 1);
      registry.set('mizuchi_config_last_reload_success_timestamp_seconds', [], Date.now() / 1000);
    },
    failed: () => registry.set('mizuchi_config_last_reload_successful', [], 0),
  };
}
