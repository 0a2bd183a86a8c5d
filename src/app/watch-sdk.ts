/** What the official SDK has to say of metrics and logs that it cannot deliver: one line a minute, without what it was sent. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { Log } from '../domain/log.ts';

const QUIET_MILLIS = 60_000;
const MAX_MESSAGE = 200;

/** @param log not one that sends to the collector: what is not delivered would be told to nobody. */
export function watchSdk(log: Log): void {
  let last = Number.NEGATIVE_INFINITY;
  const say = (message: string, ...rest: unknown[]): void => {
    const now = performance.now();
    if (now - last < QUIET_MILLIS) return;
    last = now;
    const reason = [message, ...rest].map(textOf).join(' ').slice(0, MAX_MESSAGE);
    log.warn({ reason }, 'metrics or logs are not delivered to the collector');
  };
  const silent = (): void => {};
  const logger = { error: say, warn: say, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function textOf(part: unknown): string {
  const text = part instanceof Error ? part.message : String(part);
  return text.replace(/[^\x20-\x7e]+/g, ' ');
}
