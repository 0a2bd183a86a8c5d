/** Prints how much memory the requests of the view take. The argument is their number. Runs with `--expose-gc`. */
import { startNative } from '../../src/tracing/start.ts';
import { RecentFailures } from '../../src/view/recent-failures.ts';
import { RecentRequests } from '../../src/view/recent-requests.ts';
import { ShownKeys } from '../../src/view/shown-keys.ts';
import { finishedRequest } from './finished-request.ts';
import { keptLog, tracingConfig } from './tracing-config.ts';

const config = tracingConfig('http://127.0.0.1:9', { sampling: { strategy: 'never' } });
const tracing = await startNative(config, { log: keptLog(), collects: true });
const keys = new ShownKeys(Buffer.from('secret'), false);
const recent = new RecentRequests({ keys, recorded: tracing.recorded });
const failures = new RecentFailures(keys);

function serve(i: number): void {
  const key = `uploads/${i}/${'x'.repeat(i % 400)}`;
  const root = tracing.tracer.startRequest([], { 'url.path': `/photos/${key}`, 'user_agent.original': `agent/${i}` });
  root.child('auth.verify', 'internal', { 'auth.method': 'sigv4' }).end();
  root.child('authz.check', 'internal', { 'authz.decision': 'allow' }).end();
  const upload = root.child('s3.upload', 'internal', { 's3.key': key, 's3.bucket': 'photos' });
  for (let part = 0; part < 2; part++) upload.child('aws.s3.put_object', 'client', { 'aws.s3.key': key }).end();
  upload.end();
  root.end();
  const fails = i % 10 === 0 ? ({ fails: { type: 'access_denied', message: `Not allowed: ${key}` } } as const) : {};
  const request = finishedRequest({ id: `${i}`, key, seconds: i % 7, span: root, ...fails });
  recent.finished(request);
  failures.finished(request);
}

function used(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const count = Number(process.argv[2]);
const before = used();
for (let i = 0; i < count; i++) serve(i);
const grown = used() - before;
await tracing.shutdown(1_000);
process.stdout.write(JSON.stringify({ grown, estimate: recent.bytes }));
