/**
 * A body that ends at a random moment: the connection of the client still has exactly the bytes that the pump does not count as read, and
 * the store got no byte that it does not count as sent. Pieces and moments are drawn by a seeded generator.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { Failure } from '../../../src/domain/failure.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';
import { Pump } from '../../../src/pump/pump.ts';
import type { PumpTask } from '../../../src/pump/pump-thread.ts';
import { awsChunked } from '../../support/http-client.ts';
import { connections, moving, Received } from './moving.ts';

const BODIES = 120;
const AT_ONCE = 12;
const MOST = 1_500_000;
const BEHIND = Buffer.from('PUT /next HTTP/1.1\r\n\r\n');

interface Body {
  readonly wire: Buffer;
  /** As the store gets it. */
  readonly outgoing: Buffer;
  readonly plan: PumpTask['plan'];
}

function randomBody(random: () => number): Body {
  const object = randomBytes(1 + Math.floor(random() * MOST));
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(object));
  const value = sum.toString('base64');
  const promise = { header: 'x-amz-checksum-crc32', checksum: 'crc32', value, code: 'BadDigest' } as const;
  const plan = { kind: 'object', length: object.length, most: object.length } as const;
  const kind = random();
  if (kind < 0.4) return { wire: object, outgoing: object, plan: undefined };
  const trailer = { header: 'x-amz-checksum-crc32', checksum: 'crc32' } as const;
  const promised = { ...plan, trailer: undefined, sent: undefined, promises: [promise], isFramed: false };
  if (kind < 0.6) return { wire: object, outgoing: object, plan: promised };
  const line = `x-amz-checksum-crc32:${value}`;
  const wire = awsChunked(object, line, 1 + Math.floor(random() * 5_000));
  const outgoing = awsChunked(object, line, 1024 * 1024);
  return { wire, outgoing, plan: { ...plan, trailer, sent: trailer, promises: [], isFramed: true } };
}

it('a pump counts each byte that it has read or sent', { timeout: 60_000 }, async (t) => {
  const pump = await Pump.start(2, { died: assert.fail });
  t.after(() => pump.stop());
  let left = BODIES;
  let whole = 0;

  async function moveOne(seed: number): Promise<void> {
    const random = seededRandom(seed);
    const { wire, outgoing, plan } = randomBody(random);
    const sentAhead = random() < 0.3 ? Math.floor(random() * wire.length) : 0;
    const [first, rest] = [wire.subarray(0, sentAhead), wire.subarray(sentAhead)];
    // The pump itself sends all of a body whose framing changes.
    const expected = plan?.isFramed ? outgoing : rest;
    const between = await connections();
    const { client, movement, received, close } = await moving(pump, { first, left: rest.length, plan }, { between });
    const bytes = Buffer.concat([rest, BEHIND]);
    const sending = sendInPieces(client.setNoDelay(true), bytes, random);
    const isAborted = random() < 0.6;
    if (isAborted) {
      await delay(random() ** 2 * 6);
      movement.abort(new Failure('overloaded'));
    }
    const moved = await movement.done;
    const unread = new Received(between.from.far.resume());
    await sending;
    await unread.until(bytes.length - moved.read);
    assert.ok(unread.bytes.equals(bytes.subarray(moved.read)), `seed ${seed}: other bytes are left`);
    await received.until(moved.sent);
    assert.ok(received.bytes.equals(expected.subarray(0, moved.sent)), `seed ${seed}: other bytes were sent`);
    if (!isAborted)
      assert.deepEqual([moved.failure, moved.read, moved.sent], [undefined, rest.length, expected.length]);
    if (moved.failure === undefined) whole++;
    close();
  }

  async function move(): Promise<void> {
    while (left > 0) await moveOne(left--);
  }

  await Promise.all(Array.from({ length: AT_ONCE }, move));
  t.diagnostic(`${whole} of ${BODIES} bodies were moved completely`);
  assert.ok(whole > BODIES / 4 && whole < BODIES);
});

async function sendInPieces(
  client: { write(bytes: Buffer, written: () => void): boolean },
  bytes: Buffer,
  random: () => number,
): Promise<void> {
  const most = 1 + random() ** 3 * 400_000;
  for (let at = 0, pieces = 0; at < bytes.length; pieces++) {
    // The rest at once after some pieces: a body of one-byte pieces would take minutes.
    const end = pieces > 40 ? bytes.length : at + 1 + Math.floor(random() * most);
    await new Promise<void>((resolve) => client.write(bytes.subarray(at, end), resolve));
    at = end;
  }
}
