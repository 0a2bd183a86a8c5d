import assert from 'node:assert/strict';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import type { HeldMemory } from '../support/report-memory.ts';
import { REPORT_MEMORY } from '../support/report-memory-arguments.ts';
import { endWithUs } from './support/end-with-us.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const MEGABYTE = Buffer.alloc(1024 * 1024, 'mizuchi ');
const GIGABYTE = 1024 ** 3;
/** `upload.memory_limit`, in bytes. */
const PART_MEMORY = 48 * 1024 * 1024;
/** What a 1 GiB upload may add to the resident memory of the gateway besides, in bytes. */
const ALLOWED = 64 * 1024 * 1024;

/**
 * The store is a process of its own, so that the gateway's memory is the gateway's alone; and the gateway is compiled, as its
 * users have it: what strips the types of a checkout takes some 28 MiB.
 */
describe('memory of the gateway', () => {
  let sink: ChildProcess;
  let gateway: GatewayProcess;
  let config: object;
  let storeUrl: string;
  before(async () => {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: checkout });
    sink = fork(fileURLToPath(new URL('./support/sink-process.ts', import.meta.url)));
    endWithUs(sink);
    const [port] = await once(sink, 'message');
    storeUrl = `http://127.0.0.1:${port}`;
    const s3 = { bucket: 'my-bucket', endpoint: storeUrl, access_key: 'a', secret_key: 's' };
    config = {
      server: { address: '127.0.0.1:0' },
      buckets: [{ name: 'uploads', s3 }],
      upload: { memory_wait_seconds: 600 }, // this is about memory, also on a busy machine
      metrics: { port: 0 },
    };
    await start();
  });
  /** A gateway that has done nothing yet but one small upload: what is loaded once is no matter of the others. */
  const start = async (nodeArguments: readonly string[] = []): Promise<void> => {
    gateway = await startGatewayProcess(config, nodeArguments, process.env, join(checkout, 'dist', 'cli.js'));
    endWithUs(gateway.process);
    await upload(plain(1));
  };
  after(async () => {
    await gateway.stop();
    sink.kill();
    await once(sink, 'exit');
  });

  /** Resident set size in bytes: the highest since the last reset (proc_pid_status(5), VmHWM). */
  const peak = (): number =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.process.pid}/status`, 'utf8'))![1]) * 1024;

  async function upload(pieces: Iterable<string | Buffer>): Promise<void> {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    for (const piece of pieces) if (!socket.write(piece)) await once(socket, 'drain');
    await once(socket, 'end');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  }

  const head = (length: number, more = ''): string =>
    `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: ${length}\r\n${more}\r\n`;

  const bytesRead = async (): Promise<number> => Number(await (await fetch(storeUrl)).text());

  function* plain(megabytes: number, more = ''): Generator<string | Buffer> {
    yield head(megabytes * MEGABYTE.length, more);
    for (let i = 0; i < megabytes; i++) yield MEGABYTE;
  }

  function* chunked(megabytes: number): Generator<string | Buffer> {
    const size = MEGABYTE.length.toString(16);
    const trailer = `0\r\nx-amz-checksum-crc32:${checksumOf(megabytes)}\r\n\r\n`;
    const length = megabytes * (MEGABYTE.length + size.length + 4) + trailer.length;
    const coded = 'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-trailer: x-amz-checksum-crc32\r\n';
    yield head(length, `${coded}x-amz-decoded-content-length: ${megabytes * MEGABYTE.length}\r\n`);
    for (let i = 0; i < megabytes; i++) {
      yield `${size}\r\n`;
      yield MEGABYTE;
      yield '\r\n';
    }
    yield trailer;
  }

  /** The whole object in one chunk. This bucket asks nobody, so any signature will do; it is hashed all the same. */
  function* signedChunk(megabytes: number): Generator<string | Buffer> {
    const size = megabytes * MEGABYTE.length;
    const signature = `;chunk-signature=${'0'.repeat(64)}\r\n`;
    const [begin, end] = [`${size.toString(16)}${signature}`, `\r\n0${signature}\r\n`];
    const coded = 'x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n';
    yield head(begin.length + size + end.length, `${coded}x-amz-decoded-content-length: ${size}\r\n`);
    yield begin;
    for (let i = 0; i < megabytes; i++) yield MEGABYTE;
    yield end;
  }

  function checksumOf(megabytes: number): string {
    let value = 0;
    for (let i = 0; i < megabytes; i++) value = crc32(MEGABYTE, value);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes.toString('base64');
  }

  for (const [how, pieces] of [
    ['as it is', plain],
    ['aws-chunked with a trailer', chunked],
    ['in one signed chunk', signedChunk],
  ] as const) {
    it(`grows by less than 64 MiB and the memory for parts while 1 GiB passes, ${how}`, async (t) => {
      const before = peak();
      await upload(pieces(GIGABYTE / MEGABYTE.length));
      const growth = peak() - before;
      t.diagnostic(
        `${Math.round(growth / 1024 ** 2)} MiB more than the ${Math.round(before / 1024 ** 2)} MiB of before`,
      );
      assert.ok(growth < PART_MEMORY + ALLOWED, `${growth} bytes`);
    });
  }

  for (const [how, more] of [
    ['as one stream', 'If-None-Match: *\r\n'],
    ['in parts', ''],
  ] as const) {
    it(`takes 5 GiB in one request, ${how}`, async (t) => {
      const [before, readBefore] = [peak(), await bytesRead()];
      const megabytes = (5 * GIGABYTE) / MEGABYTE.length;
      const known = new Set(gateway.log);
      await upload(plain(megabytes, more));
      assert.equal((await bytesRead()) - readBefore, 5 * GIGABYTE);
      const line = await gateway.logged((each) => each.bytes === 5 * GIGABYTE && !known.has(each));
      assert.equal(line.status, 200);
      const growth = peak() - before;
      t.diagnostic(`${Math.round(growth / 1024 ** 2)} MiB more`);
      assert.ok(growth < PART_MEMORY + ALLOWED, `${growth} bytes`);
    });
  }

  it('refuses 5 GiB and one byte before the first byte is sent', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    socket.write(head(5 * GIGABYTE + 1, 'Expect: 100-continue\r\n'));
    await once(socket, 'end');
    assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*<Code>EntityTooLarge<\/Code>/);
  });

  it('needs 256 MiB at most while 200 uploads of 100 MiB pass at once', async (t) => {
    await gateway.stop();
    await start();
    await Promise.all(Array.from({ length: 200 }, () => upload(plain(100))));
    const mib = Math.round(peak() / 1024 ** 2);
    t.diagnostic(`${mib} MiB at most`);
    assert.ok(mib < 256, `${mib} MiB`);
  });

  it('reads no more from the client while the store stalls, and continues with it', async (t) => {
    const before = peak();
    const total = 256 * MEGABYTE.length;
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    const held = once(sink, 'message');
    let taken = 0;
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    // Under a condition it stays one request.
    socket.write(head(total, 'If-None-Match: *\r\n').replace('/uploads/k', '/uploads/held'));
    const sent = (async () => {
      for (; taken < total; taken += MEGABYTE.length) if (!socket.write(MEGABYTE)) await once(socket, 'drain');
    })();
    assert.deepEqual(await held, ['held', undefined]);
    const stalled = await untilItStaysAt(() => taken);
    const growth = peak() - before;
    t.diagnostic(`${stalled / MEGABYTE.length} MiB are under way; ${Math.round(growth / 1024 ** 2)} MiB more memory`);
    // All that is under way lies in the buffers of the kernel, for two connections, both ends of each.
    assert.ok(stalled < 64 * MEGABYTE.length, `${stalled} bytes were taken`);
    assert.ok(growth < ALLOWED, `${growth} bytes`);
    assert.equal(answer, '');
    sink.send('go on');
    await sent;
    await once(socket, 'end');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    const line = await gateway.logged(({ path }) => path === '/uploads/held');
    assert.equal(line.bytes, total);
    assert.ok(
      Number(line.store_wait_seconds) > Number(line.client_wait_seconds),
      'the store is told to be the slow one',
    );
  });

  it('holds bytes and not pieces of a body that comes byte by byte while the store stalls', async (t) => {
    await gateway.stop();
    // The pieces themselves are garbage at once, and how much of it lies about is V8's choice: held is what a collection leaves.
    await start(REPORT_MEMORY);
    const { url } = await gateway.logged(({ msg }) => msg === 'memory');
    const held = async (): Promise<number> => ((await (await fetch(String(url))).json()) as HeldMemory).held;
    const before = await held();
    const total = 40 * MEGABYTE.length;
    const coded = 'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-trailer: x-amz-checksum-crc32\r\n';
    const tiny = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    const { hostname, port } = new URL(gateway.url);
    let taken = 0;
    const sockets = Array.from({ length: 4 }, () => connect(Number(port), hostname).on('error', () => {}));
    const arrived = on(sink, 'message');
    for (const socket of sockets) {
      // Under a condition it stays one request, which the store holds.
      const more = `If-None-Match: *\r\n${coded}x-amz-decoded-content-length: ${total}\r\n`;
      socket.write(head(total * 6 + 36, more).replace('/uploads/k', '/uploads/tiny/held'));
      const write = (): void => {
        do taken += tiny.length;
        while (socket.write(tiny));
      };
      socket.on('drain', write);
      write();
    }
    for (const _ of sockets) assert.deepEqual((await arrived.next()).value, ['held', undefined]);
    const stalled = await untilItStaysAt(() => taken);
    const growth = (await held()) - before;
    for (const socket of sockets) socket.destroy();
    sink.send('go on');
    t.diagnostic(`${kib(stalled)} KiB are under way; ${kib(growth)} KiB more are held`);
    assert.ok(growth < sockets.length * MEGABYTE.length, `${growth} bytes`);
  });
});

const kib = (bytes: number): number => Math.round(bytes / 1024);

/** That nothing happens is announced by nobody: it has when a second long nothing did. */
async function untilItStaysAt(read: () => number): Promise<number> {
  for (let last = read(); ; last = read()) {
    await delay(1000);
    if (read() === last) return last;
  }
}
