/** The levels of the log, as SeverityNumber (opentelemetry-specification, logs data model). */
import type { Log } from '../domain/log.ts';

export const SEVERITIES = { debug: 5, info: 9, warn: 13, error: 17 } as const satisfies Record<keyof Log, number>;
