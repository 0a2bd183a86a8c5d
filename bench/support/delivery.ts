/** What has come of the spans that a contestant owes its collector. */
import type { Received } from './collector-process.ts';
import type { HelperProcess } from './helper-process.ts';

/** What the collector has seen of one contestant. */
export interface Delivery {
  readonly expected: number;
  readonly received: number;
  readonly exports: number;
  readonly bytes: number;
}

/** Milliseconds after which a span that has not arrived is given up. */
const GIVE_UP = 5_000;

/** What has arrived of the contestant's spans, once that is all of them or no more can be hoped for. */
export async function deliveryOf(collector: HelperProcess, contestant: string, expected: number): Promise<Delivery> {
  const question = { contestant, spans: expected, millis: GIVE_UP };
  const { spans, exports, bytes } = await collector.ask<Received>('until', question);
  return { expected, received: spans, exports, bytes };
}

export function sumOf(deliveries: readonly Delivery[]): Delivery {
  const total = (of: (delivery: Delivery) => number): number => deliveries.reduce((all, one) => all + of(one), 0);
  return {
    expected: total(({ expected }) => expected),
    received: total(({ received }) => received),
    exports: total(({ exports }) => exports),
    bytes: total(({ bytes }) => bytes),
  };
}
