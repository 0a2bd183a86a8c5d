/** The limits of the configuration, as gauges named by their settings: the reference for gauges of use. */
import { configuredEngines } from '../authz/engines.ts';
import type { Config } from '../config/config.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { Registry } from './registry.ts';

export function showLimits(registry: Registry, { server, upload, metrics, buckets }: Config): void {
  const sections = { server, upload, metrics } as const;
  for (const [section, settings] of Object.entries(LIMITS)) {
    const values: Record<string, unknown> = sections[section as keyof typeof LIMITS];
    for (const name of settings) registry.set('mizuchi_limit', [`${section}.${name}`], values[name] as number);
  }
  for (const [name, value] of Object.entries(FIXED_LIMITS)) registry.set('mizuchi_limit', [`fixed.${name}`], value);
  for (const { name, s3, authz } of buckets) {
    const show = (setting: string, value: number): void =>
      registry.set('mizuchi_limit', [`buckets.${name}.${setting}`], value);
    for (const setting of STORE_LIMITS) show(`s3.${setting}`, s3[setting]);
    for (const { engine, options } of configuredEngines(authz))
      show(`authz.${engine.name}.max_concurrent`, options.max_concurrent);
  }
}

const STORE_LIMITS = [
  'max_connections',
  'connect_timeout_seconds',
  'stall_timeout_seconds',
  'answer_timeout_seconds',
] as const;

const LIMITS = {
  server: [
    'max_connections',
    'header_timeout_seconds',
    'max_header_size',
    'body_idle_timeout_seconds',
    'minimum_rate',
    'shutdown_timeout_seconds',
  ],
  upload: [
    'concurrent_uploads',
    'multipart_threshold',
    'part_size',
    'concurrent_parts',
    'memory_limit',
    'memory_wait_seconds',
    'fair_rate',
    'max_object_size',
    'max_key_length',
    'max_part_size',
    'keep_alive_seconds',
  ],
  metrics: ['max_connections'],
} as const satisfies { [S in 'server' | 'upload' | 'metrics']: readonly (keyof Config[S])[] };
