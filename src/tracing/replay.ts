/** Sends spans that the fallback has written, line by line, with the resource that they had when they were recorded. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracingConfig } from '../config/tracing.ts';
import { createExporter } from './exporter/create-exporter.ts';
import { type DeliveryParts, deliver } from './exporter/deliver.ts';
import { Gate } from './exporter/gate.ts';
import { requestFromJson } from './exporter/otlp-json.ts';
import { otlpRequest, takeApart } from './exporter/otlp-request.ts';
import { printable } from './exporter/result.ts';
import { withoutSecrets } from './exporter/without-secrets.ts';
import { type ExportOptions, exporterSettings } from './exporter-settings.ts';

export interface Replayed {
  exported: number;
  /** Spans that the collector refused. */
  rejected: number;
  /** Lines that hold no request, with what is wrong. */
  readonly unreadable: { readonly line: number; readonly wrong: string }[];
  /** The first line that was not delivered, and why; undefined if the end of the file was reached. */
  stopped: { readonly line: number; readonly why: string } | undefined;
}

/** How long the collector may take to be there. */
const PATIENCE_MILLIS = 30_000;

/** @param from number of the first line to send; the first one is 1. @throws Error if the file cannot be read. */
export async function replay(
  config: TracingConfig,
  file: string,
  from: number,
  options: ExportOptions,
): Promise<Replayed> {
  const settings = exporterSettings({ ...config, exporter: 'otlp', fallback: 'none' }, options);
  const { exporter, headers } = await createExporter(settings);
  const clean = withoutSecrets(Object.values(headers.current()));
  const now = (): number => performance.now();
  const never = new AbortController().signal;
  const parts: Omit<DeliveryParts, 'envelope'> = {
    exporter,
    gate: new Gate({ now, random: Math.random }),
    closing: { signal: never, late: never, endsAt: Number.POSITIVE_INFINITY },
    trouble() {},
    now,
    pause: (millis) => sleep(millis),
  };
  const replayed: Replayed = { exported: 0, rejected: 0, unreadable: [], stopped: undefined };
  const patience = options.deadlineMillis ?? PATIENCE_MILLIS;
  try {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (++line < from || text.trim() === '') continue;
      const request = readLine(text, line, replayed);
      if (request === undefined) continue;
      const why = await send(parts, request, patience, replayed);
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
 * @returns why it could not be delivered, nor could any other. What the collector refuses of this one is counted, and not tried again.
 */
async function send(
  parts: Omit<DeliveryParts, 'envelope'>,
  request: Uint8Array,
  patience: number,
  replayed: Replayed,
): Promise<string | undefined> {
  for (const { resource, scope, spans, count } of takeApart(request)) {
    const envelope = (bytes: Uint8Array): Uint8Array => otlpRequest(resource, scope, bytes);
    const piece = { spans: count, bytes: spans };
    const { exported, dropped, message } = await deliver({ ...parts, envelope }, piece, parts.now() + patience);
    replayed.exported += exported;
    if (parts.gate.why !== undefined) return message ?? 'not delivered in time';
    replayed.rejected += (dropped.rejected ?? 0) + (dropped.too_large ?? 0);
  }
  return undefined;
}
