import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { BodyPlan } from '../../../src/body/body-plan.ts';
import { ObjectStream } from '../../../src/body/object-stream.ts';
import { TransferClock } from '../../../src/body/transfer-clock.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { Incoming } from '../../../src/domain/stages.ts';

/** Large enough to be passed on at once. */
const PIECE_BYTES = 1024;
const [FIRST, SECOND, LAST] = ['a', 'b', 'c'].map((letter) => letter.repeat(PIECE_BYTES)) as [string, string, string];

const PLAIN: BodyPlan = {
  kind: 'object',
  length: 3 * PIECE_BYTES,
  most: 3 * PIECE_BYTES,
  payloadHash: 'UNSIGNED-PAYLOAD',
  framing: undefined,
  trailer: undefined,
  sent: undefined,
  promises: [],
  promised: false,
  signed: false,
  locked: false,
  md5: false,
  onlyWhole: undefined,
};

/** Opens the stream over a body that the test pushes into; `given` is all that the store would have got so far. */
async function open(plan: BodyPlan) {
  const body = new Readable({ read() {} });
  const incoming = { body: { length: plan.length, open: () => body } } as unknown as Incoming;
  const transfer = new TransferClock();
  const scope = { span: NO_SPAN, transfer, pace: { idleMillis: 10_000, leastRate: 0 }, chunks: { passed() {} } };
  const stream = await ObjectStream.open(incoming, plan, scope, { reframed: true });
  const given: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => void given.push(bytes));
  /** Resolves when so many bytes have been read from the body. */
  const read = async (bytes: number): Promise<void> => {
    while (transfer.bytes < bytes) await new Promise((resolve) => setImmediate(resolve));
  };
  return { body, stream, read, given: () => Buffer.concat(given).toString() };
}

describe('ObjectStream', () => {
  it('gives the piece that completes the object when the body has ended, and not before', async () => {
    const { body, stream, read, given } = await open(PLAIN);
    body.push(FIRST);
    body.push(SECOND);
    await read(2 * PIECE_BYTES);
    body.push(LAST);
    await read(3 * PIECE_BYTES);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(given(), FIRST + SECOND);
    body.push(null);
    await once(stream, 'end');
    assert.equal(given(), FIRST + SECOND + LAST);
  });

  it('never gives it if the body breaks after its last byte, as a form does whose end is missing', async () => {
    const { body, stream, read, given } = await open(PLAIN);
    body.push(FIRST);
    await read(PIECE_BYTES);
    body.push(SECOND + LAST);
    await read(3 * PIECE_BYTES);
    const failed = once(stream, 'error');
    body.destroy(new Failure('form_refused'));
    const [failure] = await failed;
    assert.equal((failure as Failure).type, 'form_refused');
    assert.equal(given(), FIRST);
    assert.ok(stream.destroyed);
  });

  it('joins small pieces, in their order, and keeps the last byte back all the same', async () => {
    const { body, stream, read, given } = await open(PLAIN);
    const bytes = FIRST + SECOND + LAST;
    for (const byte of bytes) body.push(byte);
    await read(bytes.length);
    while (given().length < bytes.length - 1) await once(stream, 'data');
    assert.equal(given(), bytes.slice(0, -1));
    body.push(null);
    await once(stream, 'end');
    assert.equal(given(), bytes);
  });
});
