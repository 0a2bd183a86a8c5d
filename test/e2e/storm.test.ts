/**
 * A storm: some hundred uploads of every kind at once, of which many break off or lie, to a store that fails in every way that
 * it knows. Whatever comes of each, a 2xx must be the whole object, and everything else none; and afterwards all is calm. What
 * happens is drawn by a seeded generator: the same in every run.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { seededRandom } from '../../src/kit/seeded-random.ts';
import { type Fault, FaultPlan } from '../../src/rehearsal/store/faults.ts';
import { EmbeddedStore, sha256 } from '../support/embedded-store.ts';
import { awsChunked, chunkedHeaders, send } from '../support/http-client.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const UPLOADS = 240;
const AT_ONCE = 12;
const MIB = 1024 ** 2;
const BYTES = Buffer.alloc(6 * MIB);
for (let i = 0; i < BYTES.length; i++) BYTES[i] = (i * 31 + (i >> 8)) & 255;

/** Bytes of each kind, which with the promises of the client decide the way that it goes. */
const SIZES = {
  small: 20_000,
  streamed: 200_000,
  summed: 200_000,
  spliced: 400_000,
  pumped: 500_000,
  framed: 300_000,
  split: 5_500_000,
  uncounted: 90_000,
};
type Kind = keyof typeof SIZES;
const KINDS = Object.keys(SIZES) as readonly Kind[];
const isSummed = (kind: Kind): boolean => kind === 'summed' || kind === 'pumped';

interface Plan {
  readonly key: string;
  readonly kind: Kind;
  readonly object: Buffer;
  /** Bytes of the body after which the client goes; undefined if it stays. */
  readonly cutAt: number | undefined;
  /** Whether one bit is another than was promised. */
  readonly lies: boolean;
  readonly fault: Fault | undefined;
  /** Whether the object may be there although the client was told of a failure: the store had done its work, and could not say so. */
  readonly mayBeThere: boolean;
}

const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
};

describe('a storm', () => {
  const faults = new FaultPlan();
  const random = seededRandom(20261123);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let store: EmbeddedStore;
  let gateway: TestGateway;

  let open = 0;
  before(async () => {
    await (await EmbeddedStore.start()).close(); // with its first socket, Node opens one descriptor for good
    open = await descriptors();
    store = await EmbeddedStore.start({ faults });
    gateway = await startGateway({
      storeUrl: store.url,
      // Long enough that on a busy machine nothing comes too late that no fault has held up.
      s3: { answer_timeout_seconds: 6, stall_timeout_seconds: 6 },
      upload: { multipart_threshold: '5MiB', part_size: '5MiB', memory_limit: '32MiB' },
    });
  });
  after(async () => {
    await Promise.allSettled([gateway.close(), store.close()]); // where a test has failed
  });

  const never = new Promise<never>(() => {});
  const FAULTS: readonly (readonly [fault: () => Fault, afterTheWork: boolean])[] = [
    [() => ({ kind: 'refuse', at: 'head', code: 'InternalError', status: 500 }), false],
    [() => ({ kind: 'refuse', at: 'body', code: 'SlowDown', status: 503 }), false],
    [() => ({ kind: 'refuse', at: 'head', code: 'TemporaryRedirect', status: 307 }), false],
    [() => ({ kind: 'reset', at: 'head' }), false],
    [() => ({ kind: 'reset', at: 'body' }), false],
    [() => ({ kind: 'reset', at: Math.floor(random() * 200_000) + 1 }), false],
    [() => ({ kind: 'reset', at: 'answer' }), true],
    [() => ({ kind: 'half-answer' }), true],
    [() => ({ kind: 'stale-connection' }), true],
    [() => ({ kind: 'hang', at: 'head', until: never }), false],
    [() => ({ kind: 'hang', at: 'answer', until: never }), true],
  ];

  function draw(i: number): Plan {
    const kind = pick(KINDS);
    const object = BYTES.subarray(i, i + SIZES[kind] + Math.floor(random() * 1000));
    const lies = isSummed(kind) && random() < 0.5;
    const cutAt = random() < 0.3 ? Math.floor(random() * object.length) : undefined;
    const drawn = random() < 0.5 ? pick(FAULTS) : undefined;
    const fault = drawn?.[0]();
    const key = `storm/${i}-${kind}`;
    if (fault !== undefined) plant(key, kind, fault);
    return { key, kind, object, cutAt, lies, fault, mayBeThere: drawn?.[1] === true && cutAt === undefined && !lies };
  }
  /** Not in the answer to a Create: an upload whose id nobody got could be aborted by nobody. */
  function plant(key: string, kind: Kind, fault: Fault): void {
    const operation = kind === 'split' ? pick(['UploadPart', 'CompleteMultipartUpload']) : 'PutObject';
    const times = random() < 0.7 ? { times: 1 } : {};
    faults.add({ on: { key, operation }, fault, ...times });
  }

  function wireOf({ key, kind, object, lies }: Plan): { head: string; body: Buffer } {
    const sent = lies ? Buffer.from(object) : object;
    if (lies) sent[sent.length - 1]! ^= 1;
    const headers: Record<string, string> =
      kind === 'framed'
        ? chunkedHeaders(object.length)
        : isSummed(kind)
          ? { 'x-amz-checksum-crc32': crcOf(object) }
          : {};
    const body = kind === 'framed' ? awsChunked(sent, `x-amz-checksum-crc32:${crcOf(object)}`) : sent;
    const framing =
      kind === 'uncounted' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
    const lines = Object.entries({ host: 'g', connection: 'close', ...headers, ...framing }).map((pair) =>
      pair.join(': '),
    );
    const coded =
      kind === 'uncounted'
        ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
        : body;
    return { head: `PUT /uploads/${key} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, body: coded };
  }

  /** @returns the status; undefined if there was no answer. */
  async function upload(plan: Plan): Promise<number | undefined> {
    const { head, body } = wireOf(plan);
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString('latin1'))).on('error', () => {});
    const closed = once(socket, 'close');
    socket.write(head);
    socket.write(plan.cutAt === undefined ? body : body.subarray(0, plan.cutAt), () => {
      if (plan.cutAt !== undefined) socket.destroy();
    });
    await closed;
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
    return status === undefined ? undefined : Number(status);
  }

  const gauges = async (): Promise<string[]> => {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    return body
      .split('\n')
      .filter((line) => /^mizuchi_(uploads_in_flight|connections|part_memory\w*|pump_transfers) /.test(line));
  };
  const descriptors = async (): Promise<number> =>
    process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0;
  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('makes no wrong object, no false success and no orphan, and comes to rest', {
    timeout: 90_000,
  }, async (t) => {
    const outcomes: { plan: Plan; status: number | undefined }[] = [];
    const plans = Array.from({ length: UPLOADS }, (_, i) => draw(i));
    const next = plans.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const plan of next) outcomes.push({ plan, status: await upload(plan) });
      }),
    );
    await until('all are reported', async () => gateway.log.filter(({ path }) => path !== undefined).length >= UPLOADS);
    await until('the gauges are at rest', async () => (await gauges()).every((line) => line.endsWith(' 0')));
    faults.clear();

    let successes = 0;
    for (const { plan, status } of outcomes) {
      const there = await store.sumOf(plan.key);
      const about = `${plan.key}: status ${status}, cut at ${plan.cutAt}, lies: ${plan.lies}, ${JSON.stringify(plan.fault)}`;
      if (status === 200) {
        successes++;
        assert.equal(there, sha256(plan.object), about);
        assert.ok(plan.cutAt === undefined && !plan.lies, about);
      } else if (there !== undefined) {
        assert.ok(plan.mayBeThere, about);
        assert.equal(there, sha256(plan.object), about);
      }
    }
    t.diagnostic(`${successes} of ${UPLOADS} uploads succeeded`);
    assert.ok(successes > UPLOADS / 4 && successes < (UPLOADS * 3) / 4, `${successes} is no storm`);
    assert.deepEqual(await store.openUploads(), [], 'no parts are left behind');
    assert.equal((await send(gateway.url, 'PUT', '/uploads/calm', 'again')).status, 200);
  });

  it('leaves no descriptor open when all is closed', async () => {
    await gateway.close();
    await store.close();
    await until('descriptors are as before', async () => (await descriptors()) <= open);
  });
});
