/** The choice of a way: the first one that suits. */
import type { WayReason } from '../../domain/upload-way.ts';
import { collected } from './collected.ts';
import type { MoveOptions } from './move-body.ts';
import { createPumped } from './pumped.ts';
import { createSpliced } from './spliced.ts';
import type { SplitOptions } from './split/split-options.ts';
import { createSplit } from './split.ts';
import { createStreamed, type StreamedOptions } from './streamed.ts';
import type { ObjectUpload, Way } from './way.ts';

export type WayOptions = SplitOptions & StreamedOptions & MoveOptions;

/** In the order in which they are judged. The last one suits every object of declared length. */
export function createWays(options: WayOptions): readonly Way[] {
  return [collected, createSplit(options), createSpliced(options), createPumped(options), createStreamed(options)];
}

/** Why an object is usually not split: why it does not go another way tells more. */
const EXPECTED: ReadonlySet<WayReason> = new Set(['below_threshold', 'part_of_client']);

export interface Choice {
  readonly way: Way;
  /** Of the way itself, or where it is the general way, of the ways before it: why they do not suit. */
  readonly reason: WayReason | undefined;
}

export function chooseWay(ways: readonly Way[], upload: ObjectUpload): Choice {
  let refusal: WayReason | undefined;
  for (const way of ways) {
    const { suits, reason } = way.judge(upload);
    if (suits) return { way, reason: reason ?? refusal };
    if (refusal === undefined || EXPECTED.has(refusal)) refusal = reason ?? refusal;
  }
  throw new Error('no way suits the upload');
}
