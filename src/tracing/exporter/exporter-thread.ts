/**
 * The exporter thread: takes batches from the main thread, delivers them, and answers each with what became of it. Runs as a
 * worker and nowhere else; nothing imports it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Batch, ExporterSettings, FromExporter, ToExporter } from '../pipeline/messages.ts';
import { createExporter } from './create-exporter.ts';
import { deliver } from './deliver.ts';
import { Gate } from './gate.ts';
import { Lanes } from './lanes.ts';
import { otlpRequest } from './otlp-request.ts';
import { withoutSecrets } from './without-secrets.ts';

const LANES = 4;
const settings: ExporterSettings = workerData;
const now = (): number => performance.now();
const say = (message: FromExporter): void => parentPort!.postMessage(message);
const clean = withoutSecrets(Object.values(settings.headers));

const exporter = await createExporter(settings);
const ending = new AbortController();
const parts = {
  exporter,
  gate: new Gate({ now, random: Math.random }),
  closing: { signal: ending.signal, endsAt: Number.POSITIVE_INFINITY },
  trouble: (message: string) => say({ type: 'trouble', message: clean(message) }),
  now,
};

const lanes = new Lanes<Batch & { readonly expiresAt: number }>(LANES, async ({ id, spans, bytes, expiresAt }) => {
  const request = otlpRequest(settings.resource, settings.scope, new Uint8Array(bytes));
  const settlement = await deliver(parts, request, spans, expiresAt);
  say({ type: 'settled', id, settlement: { ...settlement, message: settlement.message && clean(settlement.message) } });
});

parentPort!.on('message', (message: ToExporter) => {
  if (message.type === 'batch') lanes.add({ ...message.batch, expiresAt: now() + settings.deadlineMillis });
  else void close(message.millis);
});

async function close(millis: number): Promise<void> {
  parts.closing.endsAt = now() + millis;
  ending.abort();
  await lanes.idle();
  exporter.close();
  say({ type: 'closed' });
}
