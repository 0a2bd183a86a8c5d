/** Sends one item to a collector and reports what the collector made of it: for `doctor`. */
import { ExporterLink } from './exporter-link.ts';
import type { ExportSettings } from './messages.ts';
import type { Signal } from './signal.ts';

/**
 * @param item one encoded field of the batch. @param millis longest time.
 * @returns why it was not accepted, printable and without secrets; undefined if it was.
 */
export async function probe(
  signal: Signal,
  settings: ExportSettings,
  item: Uint8Array<ArrayBuffer>,
  millis: number,
): Promise<string | undefined> {
  let accepted = false;
  let reason: string | undefined;
  const channel = new ExporterLink().open(signal, settings, {
    settled(_, { exported, dropped, message }) {
      accepted = exported === 1;
      reason = message || reason || Object.keys(dropped)[0];
    },
    lost() {},
    breaker() {},
    attemptFailed: (message) => void (reason = message),
  });
  channel.send({ id: 1, items: 1, bytes: item });
  await channel.close(millis);
  return accepted ? undefined : (reason ?? 'no response in time');
}
