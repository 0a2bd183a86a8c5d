/** The limits of the configuration, as gauges named by their units and settings: the reference for gauges of use. */
import { configuredEngines } from '../authz/engines.ts';
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { Registry } from './registry.ts';

const UNITS = ['bytes', 'seconds', 'bytes_per_second', 'ratio', 'items'] as const;

type Unit = (typeof UNITS)[number];
type Sections = Pick<Config, 'server' | 'upload'>;
type Limits = { readonly [S in keyof Sections]: { readonly [N in keyof Sections[S]]?: Unit } };

/** Replaces those of a previous configuration. */
export function showLimits(registry: Registry, config: Config): void {
  const { buckets, ...sections } = config;
  for (const unit of UNITS) registry.clear(`mizuchi_limit_${unit}`);
  registry.clear('mizuchi_limit');
  const show = (setting: string, unit: Unit, value: number): void => {
    registry.set(`mizuchi_limit_${unit}`, [setting], value);
    registry.set('mizuchi_limit', [setting], value);
  };
  for (const [section, units] of Object.entries(LIMITS)) {
    const values: Record<string, unknown> = sections[section as keyof Sections];
    for (const [name, unit] of Object.entries(units)) show(`${section}.${name}`, unit, values[name] as number);
  }
  const alias = config.metrics.max_connections === undefined ? 'admin' : 'metrics';
  show(`${alias}.max_connections`, 'items', adminAddress(config)?.connections ?? 0);
  for (const [name, value] of Object.entries(FIXED_LIMITS)) show(`fixed.${name}`, unitOfFixed(name), value);
  for (const { name, s3, authz } of buckets) {
    for (const [setting, unit] of Object.entries(STORE_LIMITS))
      show(`buckets.${name}.s3.${setting}`, unit, s3[setting as keyof typeof STORE_LIMITS]);
    for (const { engine, options } of configuredEngines(authz))
      show(`buckets.${name}.authz.${engine.name}.max_concurrent`, 'items', options.max_concurrent);
  }
}

const RATIOS: ReadonlySet<string> = new Set<keyof typeof FIXED_LIMITS>(['form_share', 'caller_reserve']);

function unitOfFixed(name: string): Unit {
  if (RATIOS.has(name)) return 'ratio';
  return name.endsWith('_bytes') ? 'bytes' : name.endsWith('_seconds') ? 'seconds' : 'items';
}

const STORE_LIMITS = {
  max_connections: 'items',
  connect_timeout_seconds: 'seconds',
  stall_timeout_seconds: 'seconds',
  answer_timeout_seconds: 'seconds',
} as const;

const LIMITS = {
  server: {
    max_connections: 'items',
    header_timeout_seconds: 'seconds',
    max_header_size: 'bytes',
    body_idle_timeout_seconds: 'seconds',
    minimum_rate: 'bytes_per_second',
    shutdown_timeout_seconds: 'seconds',
  },
  upload: {
    concurrent_uploads: 'items',
    multipart_threshold: 'bytes',
    part_size: 'bytes',
    concurrent_parts: 'items',
    memory_limit: 'bytes',
    memory_wait_seconds: 'seconds',
    fair_rate: 'bytes_per_second',
    max_object_size: 'bytes',
    max_key_length: 'bytes',
    max_part_size: 'bytes',
    keep_alive_seconds: 'seconds',
  },
} as const satisfies Limits;
