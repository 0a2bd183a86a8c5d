/**
 * `npm run demo`: runs the embedded store and the gateway on real sockets. Uploads five objects with the AWS SDK, and draws the
 * trace of each upload in the terminal. Leaves nothing behind. With `--view` it serves the live view instead: see view.ts.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../src/app.ts';
import { parseConfig } from '../src/config/parse-config.ts';
import { startStore } from '../src/rehearsal/store/start-store.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { createPaint, type Paint } from './paint.ts';
import { Progress } from './progress.ts';
import { quietLog } from './quiet-log.ts';
import { StoredObjects } from './stored-objects.ts';
import { DemoClient, type DemoUpload } from './uploads.ts';
import { runView } from './view.ts';
import { drawWaterfall } from './waterfall.ts';
import { whoActs } from './who-acts.ts';

const ACCESS_KEY = 'demo';
const SECRET_KEY = 'demo-secret';
/** The key of the demo's client, which never sees the key of the store. */
const DEVICE = { access_key: 'DEVICE7', secret_key: 'the-secret-key-of-device-7', subject: 'device-7' };
const MULTIPART_BYTES = 64 * 1024 * 1024;

const out = process.stdout;
const paint: Paint = createPaint(out.isTTY === true && process.env.NO_COLOR === undefined);
const say = (line = ''): void => void out.write(`${line}\n`);

if (process.argv.includes('--view')) {
  await runView(paint, say);
  process.exit(0);
}

const directory = await mkdtemp(join(tmpdir(), 'mizuchi-demo-'));
const address = { host: '127.0.0.1', port: 0 };
const store = await startStore({
  directory,
  address,
  accessKey: ACCESS_KEY,
  secretKey: SECRET_KEY,
  buckets: ['my-bucket'],
});
const collector = await startOtlpReceiver();
const gateway = await startApp(configuration(), { log: quietLog() });
let exitCode = 0;
try {
  say(paint.bold('Mizuchi Uploadr: every upload is one trace'));
  say(`  the embedded store listens on ${store.url}, the gateway on http://127.0.0.1:${gateway.port}`);
  await runUploads();
} finally {
  await gateway.close();
  await collector.close();
  await store.close();
  await rm(directory, { recursive: true });
}
process.exit(exitCode);

async function runUploads(): Promise<void> {
  const client = new DemoClient(`http://127.0.0.1:${gateway.port}`, DEVICE.access_key, DEVICE.secret_key);
  await show(await client.smallObject());
  say();
  say('  uploading 64 MiB …');
  const progress = new Progress(out, MULTIPART_BYTES);
  await show(await client.multipart(randomBytes(MULTIPART_BYTES), (bytes) => progress.update(bytes)));
  await show(await client.refused());
  await show(await client.disconnected());
  await show(await client.misconfigured());
}

/** The heading, the response, the trace, and the state of the store. */
async function show(upload: DemoUpload): Promise<void> {
  say();
  say(`${paint.bold(upload.title)}  ${paint.dim(`trace ${upload.traceId}`)}`);
  say(`  the client received: ${upload.outcome}`);
  const spans = await collector.trace(upload.traceId, upload.requests);
  for (const line of drawWaterfall(spans, paint)) say(line);
  const actor = whoActs(spans);
  if (actor !== undefined) say(`  ${paint.red('→')} ${actor}`);
  const problem = await new StoredObjects(store.url, ACCESS_KEY, SECRET_KEY).problemWith(upload);
  if (problem !== undefined) exitCode = 1;
  say(problem === undefined ? `  ${paint.green('✓')} ${upload.promise}` : `  ${paint.red(`✗ ${problem}`)}`);
}

function configuration() {
  const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
  const auth = { sigv4: { credentials: [DEVICE] } };
  const document = {
    server: { address: '127.0.0.1:0' },
    buckets: [
      { name: 'uploads', s3, auth },
      { name: 'misconfigured', s3: { ...s3, bucket: 'no-such-bucket' }, auth },
    ],
    tracing: {
      otlp: { endpoint: collector.url, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 100 },
    },
    metrics: { enabled: false },
  };
  return parseConfig(JSON.stringify(document), 'demo', {}); // JSON is YAML
}
