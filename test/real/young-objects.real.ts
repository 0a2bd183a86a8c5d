import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { receiveHttp } from '../support/otlp-receiver.ts';
import { endWithUs } from './support/end-with-us.ts';

/** At once, so that there is always something under way. */
const CLIENTS = 8;
const WARM_UP = 2_000;
const UPLOADS = 6_000;
/** Of one upload. It is 470 to 620 where a `Set` keeps the running requests, and 60 to 140 without. */
const ALLOWED_BYTES = 300;

/**
 * What an upload needs is garbage when it is over, and must not become old first: moving it takes pauses of many milliseconds
 * (docs/decisions/short-lived-entries.md).
 */
describe('what an upload leaves in memory', () => {
  let sink: ChildProcess;
  let s3: object;
  before(async () => {
    sink = fork(fileURLToPath(new URL('./support/sink-process.ts', import.meta.url)));
    endWithUs(sink);
    const [port] = await once(sink, 'message');
    s3 = { bucket: 'my-bucket', endpoint: `http://127.0.0.1:${port}`, access_key: 'a', secret_key: 's' };
  });
  after(async () => {
    sink.kill();
    await once(sink, 'exit');
  });

  /** Over connections that stay, as clients of services have them. */
  async function upload({ url }: GatewayProcess, count: number): Promise<void> {
    const pool = new Pool(url, { connections: CLIENTS });
    let left = count;
    const client = async (): Promise<void> => {
      while (left-- > 0) {
        const { statusCode, body } = await pool.request({ method: 'PUT', path: '/uploads/k', body: 'x' });
        await body.dump();
        assert.equal(statusCode, 200);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await pool.close();
  }

  for (const [name, sampling] of [
    ['without tracing', undefined],
    ['of which no trace is kept', { strategy: 'ratio', ratio: 0 }],
    ['whose trace waits for its end', { strategy: 'never', keep: { errors: true } }],
    ['whose trace is kept', { strategy: 'always' }],
  ] as const) {
    it(`is not old when it ends, ${name}`, async (t) => {
      const collector = await receiveHttp();
      const tracing = {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        sampling,
        batch: { max_queue_size: 100_000, max_queue_bytes: '64MiB' },
      };
      const config = {
        server: { address: '127.0.0.1:0' },
        buckets: [{ name: 'uploads', s3 }],
        metrics: { port: 0 },
        ...(sampling !== undefined && { tracing }),
      };
      const probe = fileURLToPath(new URL('./support/minor-collections.mjs', import.meta.url));
      const gateway = await startGatewayProcess(config, ['--import', probe]);
      endWithUs(gateway.process);
      await upload(gateway, WARM_UP);
      const running = upload(gateway, CLIENTS * 40);
      gateway.process.kill('SIGUSR2');
      await gateway.logged(({ msg }) => msg === 'collected');
      await running;
      await upload(gateway, UPLOADS);
      gateway.process.kill('SIGUSR2');
      const { promoted } = (await gateway.logged(({ msg }) => msg === 'watched')) as unknown as Watched;
      assert.equal(await gateway.stop(), 0);
      await collector.close();
      assert.ok(promoted.length >= 3, `${promoted.length} collections`);
      const each = promoted.reduce((sum, bytes) => sum + bytes, 0) / (UPLOADS + CLIENTS * 40);
      t.diagnostic(`${Math.round(each)} bytes of each upload become old, in ${promoted.length} collections`);
      assert.ok(each < ALLOWED_BYTES, `${each} bytes`);
    });
  }
});

/** What the probe says at last. */
interface Watched {
  /** Of each young collection, in bytes. */
  readonly promoted: readonly number[];
}
