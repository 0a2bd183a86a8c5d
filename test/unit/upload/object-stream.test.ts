import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { Failure } from '../../../src/domain/failure.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import type { Incoming } from '../../../src/domain/stages.ts';
import type { BodyPlan } from '../../../src/upload/body-plan.ts';
import { ObjectStream } from '../../../src/upload/object-stream.ts';

const PLAIN: BodyPlan = {
  kind: 'object',
  length: 30,
  most: 30,
  payloadHash: 'UNSIGNED-PAYLOAD',
  framing: undefined,
  trailer: undefined,
  sent: undefined,
  promises: [],
  promised: false,
  signed: false,
  onlyWhole: undefined,
};

/** Opens the stream over a body that the test pushes into; `given` is all that the store would have got so far. */
async function open(plan: BodyPlan) {
  const body = new Readable({ read() {} });
  const incoming = { body: { length: plan.length, open: () => body } } as unknown as Incoming;
  const transfer = { bytes: 0, clientWaitSeconds: 0, storeWaitSeconds: 0 };
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
    body.push('0123456789');
    body.push('0123456789');
    await read(20);
    body.push('abcdefghij');
    await read(30);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(given(), '01234567890123456789');
    body.push(null);
    await once(stream, 'end');
    assert.equal(given(), '01234567890123456789abcdefghij');
  });

  it('never gives it if the body breaks after its last byte, as a form does whose end is missing', async () => {
    const { body, stream, read, given } = await open(PLAIN);
    body.push('0123456789');
    await read(10);
    body.push('01234567890123456789');
    await read(30);
    const failed = once(stream, 'error');
    body.destroy(new Failure('form_refused'));
    const [failure] = await failed;
    assert.equal((failure as Failure).type, 'form_refused');
    assert.equal(given(), '0123456789');
    assert.ok(stream.destroyed);
  });
});
