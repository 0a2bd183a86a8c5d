/** Small bodies, read into memory as a whole: XML documents, and small objects. */
import { asFailure, Failure } from '../domain/failure.ts';
import type { Incoming } from '../domain/stages.ts';
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import type { BodyPlan } from './body-plan.ts';
import { ClientReader } from './client-reader.ts';
import { type Checksums, ObjectDecoder } from './object-decoder.ts';
import type { BodyReading } from './reading.ts';

type Reading = Pick<BodyReading, 'pace' | 'transfer'>;

export interface SmallObject {
  readonly bytes: Buffer;
  /** Verified. */
  readonly checksums: Checksums;
}

/** The whole object, verified. Only for plans of small objects. */
export async function collectObject(incoming: Incoming, plan: BodyPlan, reading: Reading): Promise<SmallObject> {
  const object = new BoundedBuffer(plan.most);
  const decoder = await ObjectDecoder.create(plan, reading.transfer, (bytes) => void object.add(bytes));
  await readAll(incoming, reading, (bytes) => decoder.write(bytes));
  const checksums = decoder.end();
  return { bytes: object.bytes, checksums };
}

/**
 * A document of at most `limit` bytes. @throws Failure malformed_xml if it is larger, or what `look` throws.
 * @param look inspects each piece as it arrives, so that an invalid document fails early.
 */
export async function collectDocument(
  incoming: Incoming,
  limit: number,
  reading: Reading,
  look: (bytes: Buffer) => void,
): Promise<Buffer> {
  const document = new BoundedBuffer(limit);
  await readAll(incoming, reading, (bytes) => {
    if (!document.add(bytes)) throw new Failure('malformed_xml', `The document is larger than ${limit} bytes.`);
    look(bytes);
  });
  return document.bytes;
}

function readAll(incoming: Incoming, { pace, transfer }: Reading, onBytes: (bytes: Buffer) => void): Promise<void> {
  if (incoming.body.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    new ClientReader(incoming.body.open(), pace, transfer, {
      bytes: onBytes,
      end: resolve,
      fail: (failure) => reject(asFailure(failure)),
    });
  });
}
