/** Changes one bit in every body of object bytes on its way to the store. */
import { parseFaults } from '../../src/config/parse-config.ts';
import type { FaultProxy } from '../../src/rehearsal/faults/fault-proxy.ts';

/** @param at place of the byte in the body; parts have at least so many. */
export function changeOneBit(proxy: FaultProxy, at: number): void {
  const faults = ['PutObject', 'UploadPart'].map((operation) => ({
    do: 'corrupt',
    operation,
    after_bytes: String(at),
  }));
  proxy.plan(parseFaults(JSON.stringify({ faults }), 'plan', {}).faults);
}
