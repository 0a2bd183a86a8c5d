/** MinIO, OPA and Jaeger as children of this process, on its CPU: a store, a policy engine and a collector as in production. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Jaeger, startJaeger } from '../../test/real/support/jaeger.ts';
import { startOpa } from '../../test/real/support/policy-engines.ts';
import type { RealServer } from '../../test/real/support/real-server.ts';
import { ACCESS_KEY, SECRET_KEY, startMinio } from '../../test/real/support/real-stores.ts';
import { respondToBucketRequests } from './helper-process.ts';
import { REGION } from './signed-requests.ts';
import type { Ports } from './tracing-contestants.ts';

const POLICY = `package mizuchi

default allow := false

allow if {
  input.action == "PutObject"
  input.subject == "uploader-0"
  startswith(input.resource.key, "photos/")
  input.context.size <= 1048576
}
`;

const servers: RealServer[] = [];
let jaeger: Jaeger | undefined;

/** @param bucket that is created. */
async function start(bucket: string): Promise<Ports> {
  const store = await started(startMinio());
  await createBucket(store.url, bucket);
  const engine = await started(startOpa([POLICY], { args: ['--log-level', 'error'] })); // without a log line for each query
  jaeger = await started(startJaeger());
  const { grpc, 'http/protobuf': http } = jaeger.endpoints;
  return {
    store: portOf(store.url),
    engine: engine.port,
    collector: { grpc: portOf(grpc), http: portOf(http) },
  };
}

async function started<S extends RealServer>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  servers.push(server);
  return server;
}

async function createBucket(endpoint: string, bucket: string): Promise<void> {
  const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY };
  const client = new S3Client({ endpoint, region: REGION, forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** The number of spans of one upload, as Jaeger shows it. */
async function spansOfOneTrace(): Promise<number> {
  const [trace] = await jaeger!.tracesOf(1);
  return trace!.spans.length;
}

async function close(): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

respondToBucketRequests({ start, spansOfOneTrace, close });
process.once('disconnect', () => process.exit());
