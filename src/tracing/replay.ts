/** Sends spans that the fallback has written, line by line, with the resource that they had when they were recorded. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracingConfig } from '../config/tracing.ts';
import { requestFromJson } from '../export/otlp/otlp-json.ts';
import { otlpRequest, takeApart } from '../export/otlp/otlp-request.ts';
import { collectorLookup } from '../export/shared-lookup.ts';
import { CircuitBreaker } from '../export/thread/circuit-breaker.ts';
import { createExporter } from '../export/thread/create-exporter.ts';
import { type DeliveryParts, deliver } from '../export/thread/deliver.ts';
import { printable } from '../export/thread/result.ts';
import { withoutSecrets } from '../export/thread/without-secrets.ts';
import { type ExportOptions, exporterSettings } from './exporter-settings.ts';

export interface Replayed {
  exported: number;
  /** Spans that the collector rejected. */
  rejected: number;
  /** Lines without a valid request, with the error. */
  readonly unreadable: { readonly line: number; readonly wrong: string }[];
  /** The first line that was not delivered, and why; undefined if the end of the file was reached. */
  stopped: { readonly line: number; readonly why: string } | undefined;
}

/** How long one request is retried. */
const DEADLINE_MILLIS = 30_000;

/** @param from number of the first line to send; the first one is 1. @throws Error if the file cannot be read. */
export async function replay(
  config: TracingConfig,
  file: string,
  from: number,
  options: ExportOptions,
): Promise<Replayed> {
  const settings = exporterSettings({ ...config, exporter: 'otlp', fallback: 'none' }, options);
  const { exporter, headers } = await createExporter('traces', settings, collectorLookup);
  const clean = withoutSecrets(Object.values(headers.current()));
  const now = (): number => performance.now();
  const never = new AbortController().signal;
  const parts: Omit<DeliveryParts, 'envelope'> = {
    exporter,
    breaker: new CircuitBreaker({ now, random: Math.random }),
    closing: { signal: never, late: never, endsAt: Number.POSITIVE_INFINITY },
    attemptFailed() {},
    now,
    pause: (millis) => sleep(millis),
  };
  const replayed: Replayed = { exported: 0, rejected: 0, unreadable: [], stopped: undefined };
  const deadlineMillis = options.deadlineMillis ?? DEADLINE_MILLIS;
  try {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (++line < from || text.trim() === '') continue;
      const request = readLine(text, line, replayed);
      if (request === undefined) continue;
      const why = await send(parts, request, deadlineMillis, replayed);
      if (why === undefined) continue;
      replayed.stopped = { line, why: clean(why) };
      break;
    }
  } finally {
    exporter.close();
  }
  return replayed;
}

function readLine(text: string, line: number, { unreadable }: Replayed): Uint8Array | undefined {
  try {
    return requestFromJson(text).request;
  } catch (error) {
    unreadable.push({ line, wrong: printable((error as Error).message) });
    return undefined;
  }
}

/**
 * @returns the error, if it would prevent any other request as well. Items that the collector rejects are counted and not sent again.
 */
async function send(
  parts: Omit<DeliveryParts, 'envelope'>,
  request: Uint8Array,
  deadlineMillis: number,
  replayed: Replayed,
): Promise<string | undefined> {
  for (const { resource, scope, items, count } of takeApart(request)) {
    const envelope = (bytes: Uint8Array): Uint8Array => otlpRequest(resource, scope, bytes);
    const slice = { items: count, bytes: items };
    const { exported, dropped, message } = await deliver({ ...parts, envelope }, slice, parts.now() + deadlineMillis);
    replayed.exported += exported;
    if (parts.breaker.lastError !== undefined) return message ?? 'not delivered in time';
    replayed.rejected += (dropped.rejected ?? 0) + (dropped.too_large ?? 0);
  }
  return undefined;
}
