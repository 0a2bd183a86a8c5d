/** The contract of a way: what holds for each way in which the bytes of an object go to the store. Against the embedded store. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { Failure } from '../../../src/domain/failure.ts';
import type { WayName } from '../../../src/domain/upload-way.ts';
import { type OpenPump, openPump } from '../../../src/pump/open-pump.ts';
import { type Fault, FaultPlan } from '../../../src/rehearsal/store/faults.ts';
import { StoreClient } from '../../../src/s3/store-client.ts';
import { chooseWay, createWays } from '../../../src/upload/ways/choose-way.ts';
import { PartMemory } from '../../../src/upload/ways/split/part-memory.ts';
import type { ObjectUpload, Way } from '../../../src/upload/ways/way.ts';
import { EmbeddedStore, sha256 } from '../../support/embedded-store.ts';
import { type SocketPair, socketPair } from '../../support/socket-pair.ts';
import { type ClientSends, storeConfig, wayUpload } from './way-upload.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MEMORY = 16 * MIB;

interface Case {
  readonly name: WayName;
  readonly bytes: Buffer;
  readonly isDeclared: boolean;
  /** Whether a pump reads the connection of the client. */
  readonly isMoved?: boolean;
  readonly held: number;
}

/** One object for each way, and the bytes that may be in memory and in the buffers of the kernel. */
const CASES = [
  { name: 'collected', bytes: randomBytes(40 * KIB + 1), isDeclared: true, held: 64 * KIB },
  { name: 'streamed', bytes: randomBytes(32 * MIB + 1), isDeclared: true, held: 12 * MIB },
  { name: 'spliced', bytes: randomBytes(32 * MIB + 1), isDeclared: true, isMoved: true, held: 14 * MIB },
  { name: 'pumped', bytes: randomBytes(32 * MIB + 1), isDeclared: true, isMoved: true, held: 14 * MIB },
  { name: 'split', bytes: randomBytes(24 * MIB + 1), isDeclared: true, held: MEMORY + MIB },
  { name: 'split', bytes: randomBytes(24 * MIB + 1), isDeclared: true, isMoved: true, held: MEMORY + MIB },
  { name: 'split', bytes: randomBytes(24 * MIB + 1), isDeclared: false, held: MEMORY + MIB },
  { name: 'split', bytes: randomBytes(300 * KIB), isDeclared: false, held: MIB },
] satisfies Case[];

const WRONG_CRC32 = 'AAAAAA==';

function crc32Of(bytes: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}

for (const { name, bytes, isDeclared, isMoved = false, held } of CASES as readonly Case[]) {
  const reader = isMoved ? ', read by a pump' : '';
  const kind = `${bytes.length} bytes, ${isDeclared ? 'declared' : 'of undeclared length'}${reader}`;
  describe(`the way ${name}, with ${kind}`, () => {
    const faults = new FaultPlan();
    const memory = new PartMemory({ limitBytes: MEMORY, leastBytes: 5 * MIB, waitMillis: 10_000, fairRate: 0 });
    let store: EmbeddedStore;
    let client: StoreClient;
    let pump: OpenPump | undefined;
    const pairs: SocketPair[] = [];
    let keys = 0;
    let key: string;

    before(async () => {
      store = await EmbeddedStore.start({ faults });
      client = await StoreClient.open(storeConfig(store.url));
      if (isMoved) pump = await openPump(1, { died: assert.fail });
    });
    afterEach(() => {
      faults.clear();
      assert.equal(memory.reservedBytes, 0, 'part memory is free');
      assert.equal(client.connections.used, 0, 'connections are free');
      assert.equal(pump?.transfers ?? 0, 0, 'places of the pump are free');
      for (const pair of pairs.splice(0)) pair.close();
    });
    after(async () => {
      await client.close();
      await pump?.stop();
      await store.close();
    });

    const thresholdBytes = isDeclared && name !== 'split' ? 64 * MIB : 5 * MIB;
    const chosen = (planned: ObjectUpload): Way => {
      const options = { thresholdBytes, partBytes: 5 * MIB, concurrentParts: 2, memory, fairRate: 0, pump };
      return chooseWay(createWays(options), planned).way;
    };
    const length = isDeclared ? bytes.length : undefined;

    /** An upload of these bytes, unless the test says otherwise. */
    async function upload(sends: Partial<ClientSends> = {}, to = client) {
      key = `object-${++keys}`;
      const promise = name === 'pumped' ? { 'x-amz-checksum-crc32': crc32Of(bytes) } : undefined;
      const connection = isMoved ? await socketPair() : undefined;
      if (connection !== undefined) pairs.push(connection);
      const made = wayUpload(to, { key, length, bytes, connection, ...(promise && { headers: promise }), ...sends });
      const way = chosen(made.upload);
      return { ...made, way, sending: () => way.send(made.upload) };
    }
    async function assertFails(sending: Promise<unknown>, type: string): Promise<void> {
      await assert.rejects(sending, (failure: unknown) => {
        assert.ok(failure instanceof Failure, String(failure));
        assert.equal(failure.type, type, failure.message);
        return true;
      });
      assert.equal(await store.sumOf(key), undefined, 'there is no object');
      assert.deepEqual(await store.openUploads(), [], 'no parts are left');
    }
    const meets = (fault: Fault): void => {
      for (const operation of ['PutObject', 'UploadPart']) faults.add({ on: { operation }, fault });
    };

    it('is chosen from the headers, and reads and holds nothing before it sends', async () => {
      const { way, upload: planned, disconnect } = await upload();
      assert.equal(way.name, name);
      assert.ok(way.judge(planned).suits);
      assert.equal(planned.scope.transfer.bytes, 0);
      assert.equal(memory.reservedBytes, 0);
      disconnect();
    });

    it('stores every byte, and responds with the ETag of the store', async () => {
      const { sending, upload: sent } = await upload();
      const reply = await sending();
      assert.equal(reply.status, 200);
      assert.match(reply.headers.etag ?? '', /^"[0-9a-f]{32}/);
      assert.equal(await store.sumOf(key), sha256(bytes));
      assert.equal(sent.scope.transfer.bytes, bytes.length);
      assert.ok(sent.scope.transfer.storeWaitSeconds > 0);
    });

    if (isDeclared) {
      it('stores nothing of a body that is too short', async () => {
        const { sending } = await upload({ bytes: bytes.subarray(1) });
        // node:http ends a body at its Content-Length; a pump sees the connection itself.
        await assertFails(sending(), isMoved ? 'client_aborted' : 'incomplete_body');
      });
    }

    if (isDeclared && !isMoved) {
      it('stores nothing of a body that is too long', async () =>
        assertFails((await upload({ bytes: Buffer.concat([bytes, Buffer.from('x')]) })).sending(), 'incomplete_body'));
    }

    if (name !== 'spliced') {
      it('stores nothing if the checksum does not match', async () =>
        assertFails(
          (await upload({ headers: { 'x-amz-checksum-crc32': WRONG_CRC32 } })).sending(),
          'checksum_mismatch',
        ));
    }

    it('stores nothing if the client disconnects', async () => {
      const half = { bytes: bytes.subarray(0, bytes.length / 2), stalls: true };
      const { sending, disconnect } = await upload(half);
      const failing = assertFails(sending(), 'client_aborted');
      await delay(100);
      disconnect();
      await failing;
    });

    it('stores nothing if the gateway aborts it', async () => {
      const half = { bytes: bytes.subarray(0, bytes.length / 2), stalls: true };
      const { sending, disconnect } = await upload(half);
      const failing = assertFails(sending(), 'shutting_down');
      await delay(100);
      disconnect(new Failure('shutting_down'));
      await failing;
    });

    it('fails with the error of a store that refuses it before it reads the body', async () => {
      meets({ kind: 'refuse', at: 'head', code: 'AccessDenied', status: 403 });
      await assertFails((await upload()).sending(), 'store_refused_gateway');
    });

    it('fails if the store resets the connection in the body', async () => {
      meets({ kind: 'reset', at: 1024 });
      await assertFails((await upload()).sending(), 'store_reset');
    });

    it('fails if the store does not respond', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      meets({ kind: 'hang', at: 'body', until: promise });
      const impatient = await StoreClient.open(storeConfig(store.url, { answer_timeout_seconds: 0.2 }));
      const { sending } = await upload({}, impatient);
      await assert.rejects(sending(), { type: 'store_timeout' });
      await impatient.close();
      resolve();
    });

    it(`reads at most ${held} bytes ahead of a store that reads nothing`, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      meets({ kind: 'slow-read', turn: () => promise });
      const { sending, upload: sent } = await upload();
      const { transfer } = sent.scope;
      const done = sending();
      for (let seen = -1; seen !== transfer.bytes; await delay(200)) seen = transfer.bytes;
      assert.ok(transfer.bytes <= held, `${transfer.bytes} bytes`);
      resolve();
      assert.equal((await done).status, 200);
      assert.equal(await store.sumOf(key), sha256(bytes));
    });
  });
}
