/**
 * The exporter thread: takes batches from the main thread, delivers them, and answers each with what became of it. Runs as a
 * worker and nowhere else; nothing imports it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { shareLookupsOfGrpc } from '../../kit/shared-lookup.ts';
import type { Batch, ExporterSettings, FromExporter, ToExporter } from '../pipeline/messages.ts';
import { createExporter } from './create-exporter.ts';
import { type DeliveryParts, deliver } from './deliver.ts';
import { openFallback } from './fallback.ts';
import { Gate } from './gate.ts';
import { Lanes } from './lanes.ts';
import { compressLightly } from './light-gzip.ts';
import { lookUpInMain } from './main-lookup.ts';
import { otlpRequest } from './otlp-request.ts';
import { withoutSecrets } from './without-secrets.ts';

const LANES = 4;
/** What is left, at the end, for writing aside what the collector has not taken. */
const SAVING_MILLIS = 500;
const settings: ExporterSettings = workerData;
const now = (): number => performance.now();
const say = (message: FromExporter, ...transferred: ArrayBuffer[]): void =>
  parentPort!.postMessage(message, transferred);

compressLightly();
const names = lookUpInMain(say);
shareLookupsOfGrpc(names.shared);
const { exporter, headers } = await createExporter(settings, names.shared.lookup);
const clean = (message: string): string => withoutSecrets(Object.values(headers.current()))(message);
const ending = new AbortController();
const late = new AbortController();
const parts: DeliveryParts = {
  exporter,
  gate: new Gate({ now, random: Math.random, onBroken: (broken) => say({ type: 'broken', broken }) }),
  closing: { signal: ending.signal, late: late.signal, endsAt: Number.POSITIVE_INFINITY },
  fallback: settings.fallback && openFallback(settings.fallback),
  envelope: (spans) => otlpRequest(settings.resource, settings.scope, spans),
  trouble: (message) => say({ type: 'trouble', message: clean(message) }),
  now,
  pause: (millis, signal) => sleep(millis, undefined, signal && { signal }).catch(() => undefined),
};

const lanes = new Lanes<Batch & { readonly expiresAt: number }>(LANES, async ({ id, spans, bytes, expiresAt }) => {
  const memory = bytes.buffer;
  const settlement = await deliver(parts, { spans, bytes }, expiresAt);
  const message = settlement.message && clean(settlement.message);
  say({ type: 'settled', id, settlement: { ...settlement, message }, memory }, memory);
});

parentPort!.on('message', (message: ToExporter) => {
  if (message.type === 'batch') lanes.add({ ...message.batch, expiresAt: now() + settings.deadlineMillis });
  else if (message.type === 'looked_up') names.answered(message);
  else void close(message.millis);
});

async function close(millis: number): Promise<void> {
  parts.closing.endsAt = now() + millis;
  ending.abort();
  const timer = setTimeout(() => late.abort(), Math.max(0, millis - SAVING_MILLIS));
  await lanes.idle();
  clearTimeout(timer);
  exporter.close();
  say({ type: 'closed' });
}
