/** Small objects: read into memory, verified, then sent. Cheaper than a stream, and the store can be sent the object again. */
import { collectObject } from '../../body/collect.ts';
import { protectWhole } from '../../body/whole-protection.ts';
import { enterStore, putInOneRequest } from './one-request.ts';
import { refuses, suits, type Way } from './way.ts';

/** Bytes. */
const LARGEST = 64 * 1024;

export const collected: Way = {
  name: 'collected',
  judge({ plan: { length } }) {
    return length !== undefined && length <= LARGEST ? suits('small') : refuses();
  },
  async send(upload) {
    const { request, plan, headers, scope } = upload;
    const { bytes, checksums } = await collectObject(request.incoming, plan, scope);
    const sending = { ...protectWhole(plan, [bytes], headers, checksums), body: bytes };
    return putInOneRequest(upload, sending, await enterStore(upload));
  },
};
