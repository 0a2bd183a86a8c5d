/**
 * The composition root: from a configuration to a running gateway. Everything is constructed here, in plain functions;
 * with tracing off its code is not loaded, because this is the only place that imports it, and only then.
 */
import { randomBytes } from 'node:crypto';
import { type AuthBucket, createAuthenticate } from './auth/authenticate.ts';
import { Pseudonyms } from './auth/pseudonyms.ts';
import { createAuthorize, type PolicyBucket } from './authz/authorize.ts';
import type { BucketConfig } from './config/bucket.ts';
import type { Config } from './config/config.ts';
import type { TracingConfig } from './config/tracing.ts';
import { NO_TRACER, type RequestTracer } from './domain/span.ts';
import { createGateway } from './gateway/gateway.ts';
import { createReport } from './gateway/report.ts';
import { ChunkCollector } from './kit/chunk-collector.ts';
import { packageVersion } from './kit/package-version.ts';
import { createLog, type ProcessLog } from './logging/create-log.ts';
import { expose } from './metrics/exposition.ts';
import { watchIdentity } from './metrics/identity-metrics.ts';
import { Registry } from './metrics/registry.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { type TracerFigures, watchTracer } from './metrics/tracer-metrics.ts';
import type { Route } from './router/find-bucket.ts';
import { routeRequest } from './router/route-request.ts';
import { type StoreBucket, StoreClient } from './s3/store-client.ts';
import { type AdminPort, openAdminPort } from './server/admin-port.ts';
import { type Listener, listen } from './server/listener.ts';
import { HANDLERS } from './upload/handlers.ts';
import { resolveUpload } from './upload-id/resolve-upload.ts';

export interface App {
  /** Where uploads are taken. */
  readonly host: string;
  readonly port: number;
  /** Port of `/metrics`, if it is served. */
  readonly metricsPort: number | undefined;
  /**
   * Takes no more requests, lets the running ones finish within `server.shutdown_timeout_seconds`, delivers the last spans
   * within 5 s, and frees everything. Safe twice.
   */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Where log lines go; the standard output unless given. */
  readonly log?: ProcessLog;
  /** Traces instead of what the configuration says under `tracing`; whoever gives it also shuts it down. */
  readonly tracer?: RequestTracer;
}

/** Milliseconds that the last spans may take on shutdown. */
const FLUSH_MILLIS = 5_000;

/** A bucket with all that the stages need of it. */
type ServedBucket = StoreBucket & AuthBucket & PolicyBucket;

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const log = options.log ?? createLog(config.logging);
  const opened: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const shut of opened.reverse()) await shut();
    if (options.log === undefined) await log.close();
  });
  try {
    const registry = new Registry();
    const tracing = options.tracer === undefined ? await openTracing(config.tracing, log) : given(options.tracer);
    opened.push(() => tracing.shutdown(FLUSH_MILLIS));
    if (tracing.figures !== undefined) watchTracer(registry, tracing.figures);
    const routes = await openBuckets(config.buckets, opened);
    const admin = await openMetrics(config, registry, opened);
    const listener = await openListener(config, routes, tracing.tracer, registry, log);
    opened.push(() => listener.close(config.server.shutdown_timeout_seconds * 1000));
    sayStarted(log, config, listener, admin);
    return { host: listener.host, port: listener.port, metricsPort: admin?.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Tracing {
  readonly tracer: RequestTracer;
  readonly figures: (() => TracerFigures) | undefined;
  shutdown(timeoutMillis: number): Promise<void>;
}

async function openTracing(config: TracingConfig, log: ProcessLog): Promise<Tracing> {
  if (!config.enabled) return given(NO_TRACER);
  const { startTracing } = await import('./tracing/start.ts');
  const handle = startTracing(config, { log, serviceVersion: packageVersion() });
  return { tracer: handle.tracer, figures: () => handle.stats(), shutdown: (timeout) => handle.shutdown(timeout) };
}

/** A tracer that is not ours to start or stop. */
const given = (tracer: RequestTracer): Tracing => ({ tracer, figures: undefined, shutdown: async () => {} });

async function openBuckets(
  buckets: readonly BucketConfig[],
  opened: (() => Promise<void>)[],
): Promise<Route<ServedBucket>[]> {
  const routes: Route<ServedBucket>[] = [];
  for (const { name, path_prefix, s3 } of buckets) {
    const store = await StoreClient.open(s3).catch((cause) => {
      throw new Error(`bucket ${name}: no credentials for its store: ${cause.message}`, { cause });
    });
    opened.push(() => store.close());
    routes.push({
      prefix: path_prefix,
      bucket: { name, storeBucket: s3.bucket, store, authenticators: undefined, authorizers: [] },
    });
  }
  return routes;
}

async function openMetrics(
  { metrics }: Config,
  registry: Registry,
  opened: (() => Promise<void>)[],
): Promise<AdminPort | undefined> {
  if (!metrics.enabled) return undefined;
  const admin = await openAdminPort(metrics.address, metrics.port, (accept) => expose(registry, accept));
  opened.push(() => admin.close());
  return admin;
}

function openListener(
  { server }: Config,
  routes: readonly Route<ServedBucket>[],
  tracer: RequestTracer,
  registry: Registry,
  log: ProcessLog,
): Promise<Listener> {
  const idleMillis = server.body_idle_timeout_seconds * 1000;
  const watch = watchIdentity(registry);
  const gateway = createGateway(
    {
      route: (incoming) => routeRequest(routes, incoming),
      authenticate: createAuthenticate<ServedBucket>({ watch, pseudonyms: new Pseudonyms(randomBytes(32), 'hash') }),
      resolve: resolveUpload<ServedBucket>,
      authorize: createAuthorize<ServedBucket>(watch),
      upload: HANDLERS,
    },
    { idleMillis, chunks: new ChunkCollector() },
  );
  const report = createReport(log, new RequestMetrics(registry));
  return listen({ ...server.address, idleMillis, gateway, tracer, report });
}

function sayStarted(log: ProcessLog, config: Config, listener: Listener, admin: AdminPort | undefined): void {
  for (const { name, path_prefix } of config.buckets) {
    log.warn({ bucket: name, path_prefix }, 'anonymous uploads: whoever reaches this port may write into this bucket');
  }
  const address = `${listener.host}:${listener.port}`;
  log.info({ address, metrics_port: admin?.port, tracing: config.tracing.enabled }, 'listening');
}

function once(run: () => Promise<void>): () => Promise<void> {
  let promise: Promise<void> | undefined;
  return () => (promise ??= run());
}
