/** A thousand uploads that break off, each kind and at each moment: afterwards everything is as it was before. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { chunkedHeaders, RawClient, send } from '../support/http-client.ts';
import { openPipes } from '../support/process-figures.ts';
import { answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const KIB = 1024;
const AT_ONCE = 50;
/** Of the idle pipes that a pump keeps. */
const MOST_PIPE_ENDS = 2 * 32;

/** Heads of uploads of which 1 MiB is promised; and how much of it comes. */
const KINDS: readonly (readonly [head: string, sent: number])[] = [
  ['PUT /uploads/none HTTP/1.1\r\nHost: g\r\nContent-Length: 1048576\r\n', 0],
  ['PUT /uploads/small HTTP/1.1\r\nHost: g\r\nContent-Length: 60000\r\n', 59_999],
  ['PUT /uploads/half HTTP/1.1\r\nHost: g\r\nContent-Length: 1048576\r\n', 512 * KIB],
  ['PUT /uploads/all-but-one HTTP/1.1\r\nHost: g\r\nContent-Length: 1048576\r\n', 1024 * KIB - 1],
  ['PUT /uploads/streamed HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n', 100 * KIB],
  [
    'PUT /uploads/pumped HTTP/1.1\r\nHost: g\r\nContent-Length: 1048576\r\nx-amz-checksum-crc32: AAAAAA==\r\n',
    512 * KIB,
  ],
  ['PUT /uploads/asked HTTP/1.1\r\nHost: g\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n', 100 * KIB],
  ['PUT /uploads/part HTTP/1.1\r\nHost: g\r\nContent-Length: 2000000000\r\n', 200 * KIB],
  ['PUT /uploads/unknown HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n', 300 * KIB],
  [
    `PUT /uploads/framed HTTP/1.1\r\nHost: g\r\nContent-Length: 1100000\r\n${Object.entries(chunkedHeaders(1024 * KIB))
      .map((pair) => `${pair.join(': ')}\r\n`)
      .join('')}`,
    100 * KIB,
  ],
];

const pipes = (): number => (process.platform === 'linux' ? openPipes(process.pid) : 0);

describe('a thousand aborted uploads', () => {
  let store: RawStore;
  let gateway: TestGateway;
  const pipesBefore = pipes();
  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({ storeUrl: store.url, upload: { memory_limit: '64MiB', part_size: '5MiB' } });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  async function breakOff([head, sent]: readonly [string, number]): Promise<void> {
    const client = await RawClient.connect(gateway.url);
    const framed = head.includes('chunked\r\n') ? `${sent.toString(16)}\r\n` : '';
    const body = head.includes('aws-chunked') ? `80000\r\n${'x'.repeat(sent)}` : framed + 'x'.repeat(sent);
    await new Promise((resolve) => client.socket.write(`${head}\r\n${body}`, resolve));
    client.destroy();
  }
  /** @returns when the gateway has reported all of them. */
  async function breakOffMany(count: number): Promise<void> {
    const reported = gateway.log.length + count;
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => breakOff(KINDS[(done + i) % KINDS.length]!)));
    }
    await until('all are reported', () => gateway.log.length === reported);
  }
  async function gauges(): Promise<string[]> {
    const { body } = await send(`http://127.0.0.1:${gateway.app.metricsPort}`, 'GET', '/metrics');
    return body
      .split('\n')
      .filter((line) => /^mizuchi_(uploads_in_flight|connections|part_memory\w*|pump_transfers) /.test(line));
  }
  const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length - pipes() : 0);
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  setFlagsFromString('--expose_gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  function heap(): number {
    gateway.log.length = store.requests.length = 0;
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }
  const REST = [
    'mizuchi_uploads_in_flight 0',
    'mizuchi_connections 0',
    'mizuchi_part_memory_bytes 0',
    'mizuchi_part_memory_waiting 0',
    'mizuchi_pump_transfers 0',
  ];
  const atRest = async (): Promise<boolean> => JSON.stringify(await gauges()) === JSON.stringify(REST);

  it('leave no socket, no file descriptor, no memory and no object', { timeout: 60_000 }, async () => {
    await breakOffMany(100); // until everything is warm
    await until('it is at rest', atRest);
    const before = { descriptors: descriptors(), sockets: sockets(), heap: heap() };

    await breakOffMany(1_000);
    const requests = [...store.requests];
    await Promise.all(requests.map(({ over }) => over));
    assert.deepEqual([...new Set(gateway.log.map((line) => line.error_type))], ['client_aborted']);
    assert.deepEqual(
      requests.filter(({ method, complete }) => method === 'PUT' && complete),
      [],
      'the store has never got a whole object',
    );
    await until('it is at rest again', atRest);
    await until('sockets are as before', () => sockets() <= before.sockets);
    assert.ok(descriptors() <= before.descriptors, `${descriptors()} descriptors, before ${before.descriptors}`);
    assert.ok(pipes() <= pipesBefore + MOST_PIPE_ENDS, `${pipes()} ends of pipes`);
    const grown = heap() - before.heap;
    assert.ok(grown < 4 * KIB * KIB, `the heap has grown by ${grown} bytes`);

    store.behaviour = answerWell;
    assert.equal((await send(gateway.url, 'PUT', '/uploads/k', 'it still works')).status, 200);
  });
});
