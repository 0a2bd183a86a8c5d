/**
 * What test/real/silent-dns.real.ts runs in a network of its own, where the one DNS server hears everything and answers nothing: a gateway
 * whose collectors have names, and whose store has one that needs no DNS and is looked up for each upload. Writes what came of it as JSON.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGatewayProcess } from '../../support/gateway-process.ts';
import { send } from '../../support/http-client.ts';
import { RawStore } from '../../support/raw-store.ts';

export interface SilentDns {
  /** What the server was asked, a datagram each. */
  readonly questions: number;
  readonly uploads: number;
  /** Those that were not answered with 200. */
  readonly failed: number;
  /** Milliseconds that the slowest upload took. */
  readonly slowest: number;
}

/** Longer than the resolver waits for an answer (five seconds, twice), so that attempts pile up who look up anew. */
const MILLIS = 12_000;
const CONCURRENT = 4;

const [protocol, signals] = process.argv.slice(2);
let questions = 0;
const dns = createSocket('udp4', () => questions++);
await once(dns.bind(53, '127.0.0.1'), 'listening');

const store = await RawStore.start();
store.behaviour = async (request, response) => {
  await once(request.resume(), 'end');
  response.writeHead(200, { etag: '"e"', connection: 'close' }).end();
};
const otlp = (name: string) => ({ endpoint: `http://${name}.example:4318`, protocol, timeout_seconds: 0.5 });
const endpoint = `http://localhost:${new URL(store.url).port}`;
const gateway = await startGatewayProcess({
  server: { address: '127.0.0.1:0' },
  buckets: [{ name: 'uploads', s3: { bucket: 'my-bucket', endpoint, access_key: 'a', secret_key: 's' } }],
  tracing: { otlp: otlp('traces'), batch: { scheduled_delay_millis: 10 } },
  metrics: { port: 0, ...(signals === 'all' && { otlp: { ...otlp('metrics'), interval_seconds: 0.5 } }) },
  logging: signals === 'all' ? { otlp: otlp('logs') } : null,
});

const heard = once(dns, 'message');
await send(gateway.url, 'PUT', '/uploads/first', 'hello');
await heard;
let uploads = 0;
let failed = 0;
let slowest = 0;
const end = performance.now() + MILLIS;
await Promise.all(
  Array.from({ length: CONCURRENT }, async () => {
    while (performance.now() < end) {
      const begun = performance.now();
      const { status } = await send(gateway.url, 'PUT', `/uploads/${uploads++}`, 'hello');
      slowest = Math.max(slowest, performance.now() - begun);
      if (status !== 200) failed++;
      await sleep(20); // a collector that is gone must not be all that this process has to do
    }
  }),
);
gateway.process.kill('SIGKILL');
await gateway.exited;
console.log(JSON.stringify({ questions, uploads, failed, slowest } satisfies SilentDns));
process.exit();
