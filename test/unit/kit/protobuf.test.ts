import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protobuf from 'protobufjs';
import { bytesField, doubleField, doubleValue, intField, readFields, signedValue } from '../../../src/kit/protobuf.ts';
import { seededRandom } from '../../../src/kit/seeded-random.ts';

const Message = protobuf
  .parse(
    `syntax = "proto3";
    message Message {
      int64 int = 1; string text = 2; bytes data = 3; double real = 4; fixed64 wide = 5; fixed32 narrow = 6;
      bool yes = 7; Message inner = 1000; repeated string many = 9;
    }`,
  )
  .root.lookupType('Message');

const encode = (value: Record<string, unknown>): Uint8Array => Message.encode(Message.fromObject(value)).finish();
const textOf = (value: bigint | Uint8Array): string => Buffer.from(value as Uint8Array).toString();

describe('reading Protocol Buffers by field number', () => {
  it('gives every kind of field, in its order', () => {
    const message = encode({
      int: -5,
      text: 'größe',
      data: new Uint8Array([1, 2]),
      real: -0.5,
      wide: '18446744073709551615',
      narrow: 4294967295,
      yes: true,
      many: ['a', 'b'],
      inner: { int: 7 },
    });
    const fields = [...readFields(message)];
    assert.deepEqual(
      fields.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6, 7, 9, 9, 1000],
    );
    const [int, text, data, real, wide, narrow, yes, first, second, inner] = fields.map(({ value }) => value);
    assert.equal(signedValue(int as bigint), -5);
    assert.deepEqual([textOf(text!), textOf(first!), textOf(second!)], ['größe', 'a', 'b']);
    assert.deepEqual([...(data as Uint8Array)], [1, 2]);
    assert.equal(doubleValue(real as bigint), -0.5);
    assert.deepEqual([wide, narrow, yes], [0xffff_ffff_ffff_ffffn, 0xffff_ffffn, 1n]);
    assert.deepEqual([...readFields(inner as Uint8Array)], [{ number: 1, value: 7n }]);
  });

  it('refuses bytes that are not a message, and never reads beyond them', () => {
    const hopeless = [
      [0x08],
      [0x08, 0x80],
      [0x12, 5, 1],
      [0x0d, 1, 2],
      [0x09, 1],
      [0x0b],
      [0x00, 0x00],
      Array(12).fill(0xff),
    ];
    for (const bytes of hopeless)
      assert.throws(() => [...readFields(Uint8Array.from(bytes))], RangeError, String(bytes));
    const whole = encode({ int: 1e15, text: 'text', real: 1, inner: { text: 'inner' } });
    for (let length = 0; length < whole.length; length++) {
      try {
        for (const { value } of readFields(whole.subarray(0, length))) assert.ok(value !== undefined);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }
  });
});

describe('writing Protocol Buffers by field number', () => {
  it('writes what protobufjs writes', () => {
    const inner = [intField(1, 7), bytesField(2, 'inner')];
    const parts = [
      intField(1, -5),
      bytesField(2, 'größe'),
      bytesField(3, new Uint8Array([1, 2])),
      doubleField(4, -0.5),
      intField(7, 1),
      bytesField(1000, inner),
    ];
    const same = {
      int: -5,
      text: 'größe',
      data: new Uint8Array([1, 2]),
      real: -0.5,
      yes: true,
      inner: { int: 7, text: 'inner' },
    };
    assert.deepEqual(Buffer.concat(parts), Buffer.from(encode(same)));
  });

  it('writes integers of every size', () => {
    const random = seededRandom(1);
    for (let run = 0; run < 500; run++) {
      const number = Math.trunc((random() - 0.5) * 2 ** (random() * 54));
      assert.deepEqual(
        Buffer.from(intField(1, number)),
        number === 0 ? Buffer.from([8, 0]) : Buffer.from(encode({ int: number })),
      );
    }
  });
});
