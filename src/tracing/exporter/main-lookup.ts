/**
 * Has names looked up by the main thread: it does so for other signals, too, and all threads share one pool for it
 * (src/kit/shared-lookup.ts).
 */
import type { LookupAddress } from 'node:dns';
import { SharedLookup } from '../../kit/shared-lookup.ts';
import type { FromExporter, LookupAnswer } from '../pipeline/messages.ts';

export interface MainLookup {
  readonly shared: SharedLookup;
  /** To be called with what the main thread has found. */
  answered(answer: LookupAnswer): void;
}

export function lookUpInMain(say: (message: FromExporter) => void): MainLookup {
  // One question at a time, so an answer needs no number.
  let asked: PromiseWithResolvers<LookupAddress[]> | undefined;
  return {
    shared: new SharedLookup((hostname, options) => {
      asked = Promise.withResolvers();
      say({ type: 'look_up', hostname, options });
      return asked.promise;
    }),
    answered({ addresses, error }) {
      if (addresses !== undefined) asked?.resolve(addresses);
      else asked?.reject(Object.assign(new Error(error?.message), { code: error?.code }));
    },
  };
}
