/**
 * Lets the main thread look names up, because all threads share one pool for lookups (src/export/shared-lookup.ts).
 */
import type { LookupAddress } from 'node:dns';
import type { FromExporter, LookupAnswer } from '../messages.ts';
import { SharedLookup } from '../shared-lookup.ts';

export interface MainLookup {
  readonly shared: SharedLookup;
  /** Call it with the response of the main thread. */
  answered(answer: LookupAnswer): void;
}

export function lookUpInMain(post: (message: FromExporter) => void): MainLookup {
  // One request at a time, so a response needs no number.
  let pending: PromiseWithResolvers<LookupAddress[]> | undefined;
  return {
    shared: new SharedLookup((hostname, options) => {
      pending = Promise.withResolvers();
      post({ type: 'look_up', hostname, options });
      return pending.promise;
    }),
    answered({ addresses, error }) {
      if (addresses !== undefined) pending?.resolve(addresses);
      else pending?.reject(Object.assign(new Error(error?.message), { code: error?.code }));
    },
  };
}
