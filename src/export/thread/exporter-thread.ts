/**
 * The exporter thread: accepts batches of every signal from the main thread, delivers them, and reports what became of each.
 * Runs as a worker and nowhere else; no file imports it.
 */
import { parentPort } from 'node:worker_threads';
import type { ToExporter } from '../messages.ts';
import type { Signal } from '../signal.ts';
import { Destination, type Post } from './destination.ts';
import { lookUpInMain } from './main-lookup.ts';

const post: Post = (message, ...transferred) => parentPort!.postMessage(message, transferred);
const destinations = new Map<Signal, Destination>();

const names = lookUpInMain(post);

parentPort!.on('message', (message: ToExporter) => {
  if (message.type === 'looked_up') names.answered(message);
  else if (message.type === 'open')
    destinations.set(message.signal, new Destination(message.signal, message.settings, names.shared, post));
  else if (message.type === 'batch') destinations.get(message.signal)?.add(message.batch);
  else void close(message.signal, message.millis);
});

async function close(signal: Signal, millis: number): Promise<void> {
  const destination = destinations.get(signal);
  destinations.delete(signal);
  await destination?.close(millis);
}
