/** Small bodies, taken whole: XML documents, and objects that are not worth a stream. */
import { asFailure, Failure } from '../domain/failure.ts';
import type { Incoming, Transfer } from '../domain/stages.ts';
import type { BodyPlan } from './body-plan.ts';
import { ClientReader } from './client-reader.ts';
import { ObjectDecoder } from './object-decoder.ts';

export interface SmallObject {
  readonly bytes: Buffer;
  /** Base64 of the checksum that came as a trailer, verified. */
  readonly checksum: string | undefined;
}

/** The whole object, verified. Use it where the plan says that it is small. */
export async function collectObject(
  incoming: Incoming,
  plan: BodyPlan,
  idleMillis: number,
  transfer: Transfer,
): Promise<SmallObject> {
  const pieces: Buffer[] = [];
  const decoder = await ObjectDecoder.create(plan, transfer, (bytes) => void pieces.push(bytes));
  await readAll(incoming, idleMillis, transfer, (bytes) => decoder.write(bytes));
  const checksum = await decoder.end();
  return { bytes: join(pieces), checksum };
}

/** A document of at most `limit` bytes. @throws Failure malformed_xml if it is larger. */
export async function collectDocument(
  incoming: Incoming,
  limit: number,
  idleMillis: number,
  transfer: Transfer,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  await readAll(incoming, idleMillis, transfer, (bytes) => {
    size += bytes.length;
    if (size > limit) throw new Failure('malformed_xml', `The document is larger than ${limit} bytes.`);
    pieces.push(bytes);
  });
  return join(pieces);
}

function readAll(
  incoming: Incoming,
  idleMillis: number,
  transfer: Transfer,
  take: (bytes: Buffer) => void,
): Promise<void> {
  if (incoming.body.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    new ClientReader(incoming.body.open(), idleMillis, transfer, {
      bytes: take,
      end: resolve,
      fail: (failure) => reject(asFailure(failure)),
    });
  });
}

function join(pieces: Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}
