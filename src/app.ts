/**
 * The composition root: from a configuration to a running gateway. Everything is constructed here, in plain functions;
 * with tracing off its code is not loaded, because this is the only place that imports it, and only then.
 */
import { clueFinder } from './assembly/clue-finder.ts';
import { corsFinder } from './assembly/cors-finder.ts';
import { pseudonymKey } from './assembly/derived-keys.ts';
import { type Ending, endTelemetry } from './assembly/end-telemetry.ts';
import { openBuckets, type ServedBucket } from './assembly/open-buckets.ts';
import { openEdge } from './assembly/open-edge.ts';
import type { BucketParts } from './assembly/surroundings.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { Pseudonyms } from './auth/pseudonyms.ts';
import { createAuthorize } from './authz/authorize.ts';
import type { Config } from './config/config.ts';
import { deprecatedSettings } from './config/deprecated-settings.ts';
import type { Environment } from './config/expand.ts';
import { resourceAttributes } from './config/resource-attributes.ts';
import type { TracingConfig } from './config/tracing.ts';
import type { VariableWarning } from './config/variable-warning.ts';
import { answerPreflight } from './cors/answer-preflight.ts';
import type { IdentityWatch } from './domain/identity-watch.ts';
import { NO_TRACER, type RequestTracer } from './domain/span.ts';
import type { ExporterLink } from './export/exporter-link.ts';
import { readForm } from './form/read-form.ts';
import { createGateway } from './gateway/gateway.ts';
import { createReport } from './gateway/report.ts';
import { ChunkCollector } from './kit/chunk-collector.ts';
import { packageVersion } from './kit/package-version.ts';
import { createLog, type ProcessLog } from './logging/create-log.ts';
import { logWithoutCredentials } from './logging/without-credentials.ts';
import { watchConnections } from './metrics/connection-metrics.ts';
import { type ExportFigures, watchExport } from './metrics/export-metrics.ts';
import { expose } from './metrics/exposition.ts';
import { watchIdentity } from './metrics/identity-metrics.ts';
import { showLimits } from './metrics/limit-metrics.ts';
import { watchForms, watchStore } from './metrics/line-metrics.ts';
import { watchMemory } from './metrics/memory-metrics.ts';
import { Registry } from './metrics/registry.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { type TracerFigures, watchTracer } from './metrics/tracer-metrics.ts';
import type { Route } from './router/find-bucket.ts';
import { isForm, routeForm } from './router/route-form.ts';
import { routeRequest } from './router/route-request.ts';
import { type AdminPort, openAdminPort } from './server/admin-port.ts';
import { type Listener, listen } from './server/listener.ts';
import type { EdgeOptions } from './server/upload-port.ts';
import { ownHosts, virtualHosts } from './server/virtual-hosts.ts';
import { answerQuestion, tellingRegion } from './upload/answer-question.ts';
import { createHandlers } from './upload/handlers.ts';
import type { ObjectOptions } from './upload/send-object.ts';
import { PartMemory } from './upload/split/part-memory.ts';
import { partSizeFor } from './upload/split/part-size.ts';
import { resolveUpload } from './upload-id/resolve-upload.ts';

export interface App {
  /** Where uploads are taken. */
  readonly host: string;
  readonly port: number;
  /** Port of `/metrics`, if it is served. */
  readonly metricsPort: number | undefined;
  /**
   * Takes no more requests, lets the running ones finish within `server.shutdown_timeout_seconds`, delivers the last spans,
   * metrics and log lines within 5 s in all, and frees everything. Safe twice.
   */
  close(): Promise<void>;
  /** Reads the files with access keys and certificates again. One that cannot be used is said in the log, and what it held before counts on. */
  reload(): Promise<void>;
}

export interface AppOptions {
  /** Where relative paths of the configuration begin; the working directory unless given. */
  readonly directory?: string;
  /** For the files that the configuration names. */
  readonly env?: Environment;
  /** Where log lines go; the standard output unless given. */
  readonly log?: ProcessLog;
  /** Traces instead of what the configuration says under `tracing`; whoever gives it also shuts it down. */
  readonly tracer?: RequestTracer;
  /** What the log says once, at the start, of variables that are not followed. */
  readonly warnings?: readonly VariableWarning[];
}

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const resource = resourceAttributes(config.tracing, packageVersion());
  const link = once(openExporterLink);
  const { lines, figures: logFigures } = await openLog(config, resource, options, link);
  const log = logWithoutCredentials(lines);
  const parts: BucketParts = { opened: [], reloads: [] };
  const { opened } = parts;
  const endings: Ending[] = [];
  const close = once(async () => {
    for (const shut of opened.reverse()) await shut();
    await endTelemetry(endings, options.log === lines ? undefined : (millis) => log.close(millis));
  });
  try {
    const registry = new Registry();
    if (logFigures !== undefined) watchExport(registry, 'logs', logFigures);
    await openPushedMetrics(config, registry, resource, log, endings, link, options.directory);
    const tracing =
      options.tracer === undefined
        ? await openTracing(config.tracing, log, link, options.directory)
        : given(options.tracer);
    endings.push((millis) => tracing.shutdown(millis));
    if (tracing.figures !== undefined) watchTracer(registry, tracing.figures);
    const watch = watchIdentity(registry);
    const { directory = process.cwd(), env = {} } = options;
    const routes = await openBuckets(config, parts, { directory, env, log, watch });
    const admin = await openMetrics(config, registry, opened);
    const edge = await openEdge(config.server, parts, { directory, log }, registry);
    const listener = await openListener(config, routes, tracing.tracer, registry, watch, log, edge);
    opened.push(() => listener.close(config.server.shutdown_timeout_seconds * 1000));
    sayStarted(log, config, options.warnings ?? [], listener, admin);
    let reloading = Promise.resolve();
    const reload = () => (reloading = reloading.then(() => reloadFiles(parts, log))); // in turn: the last one counts
    return { host: listener.host, port: listener.port, metricsPort: admin?.port, close, reload };
  } catch (error) {
    await close();
    throw error;
  }
}

type Resource = ReturnType<typeof resourceAttributes>;

interface Tracing {
  readonly tracer: RequestTracer;
  readonly figures: (() => TracerFigures) | undefined;
  shutdown(timeoutMillis: number): Promise<void>;
}

async function openTracing(
  config: TracingConfig,
  log: ProcessLog,
  link: OpenLink,
  directory = process.cwd(),
): Promise<Tracing> {
  if (!config.enabled) return given(NO_TRACER);
  const { startTracing } = await import('./tracing/start.ts');
  const handle = await startTracing(config, {
    log,
    directory,
    serviceVersion: packageVersion(),
    link: await link(),
  });
  return { tracer: handle.tracer, figures: handle.stats, shutdown: (timeout) => handle.shutdown(timeout) };
}

/** A tracer that is not ours to start or stop. */
const given = (tracer: RequestTracer): Tracing => ({ tracer, figures: undefined, shutdown: async () => {} });

/** The exporter thread that all signals share; loaded with the first signal that is exported. */
type OpenLink = () => Promise<ExporterLink>;

async function openExporterLink(): Promise<ExporterLink> {
  const { ExporterLink } = await import('./export/exporter-link.ts');
  return new ExporterLink();
}

interface OpenedLog {
  readonly lines: ProcessLog;
  /** Of the records that go to a collector. */
  readonly figures?: () => ExportFigures;
}

async function openLog(config: Config, resource: Resource, options: AppOptions, link: OpenLink): Promise<OpenedLog> {
  const log = options.log ?? createLog(config.logging);
  if (config.logging.otlp === undefined) return { lines: log };
  const { pushLogs } = await import('./logging/otlp.ts');
  const { directory = process.cwd() } = options;
  const lines = pushLogs(log, config.logging, { resource, version: packageVersion(), directory }, await link());
  return { lines, figures: lines.stats };
}

async function openPushedMetrics(
  { metrics }: Config,
  registry: Registry,
  resource: Resource,
  log: ProcessLog,
  endings: Ending[],
  link: OpenLink,
  directory = process.cwd(),
): Promise<void> {
  if (metrics.otlp === undefined) return;
  const { pushMetrics } = await import('./metrics/otlp.ts');
  const context = { resource, version: packageVersion(), directory };
  const { stats, shutdown } = pushMetrics(registry, metrics.otlp, context, await link(), log);
  watchExport(registry, 'metrics', stats);
  endings.push(shutdown);
}

async function openMetrics(
  { metrics }: Config,
  registry: Registry,
  opened: (() => Promise<void>)[],
): Promise<AdminPort | undefined> {
  if (!metrics.enabled) return undefined;
  const { address: host, port, allowed_hosts: allowedHosts = [], max_connections: connections } = metrics;
  const render = (accept: string) => expose(registry, accept);
  const admin = await openAdminPort({ host, port, allowedHosts, connections, render });
  opened.push(() => admin.close());
  return admin;
}

async function openListener(
  config: Config,
  routes: readonly Route<ServedBucket>[],
  tracer: RequestTracer,
  registry: Registry,
  watch: IdentityWatch,
  log: ProcessLog,
  edge: EdgeOptions,
): Promise<Listener> {
  const { server, tracing } = config;
  const pseudonyms = new Pseudonyms(pseudonymKey(config), tracing.subject);
  const memory = partMemory(config.upload);
  watchMemory(registry, memory);
  showLimits(registry, config);
  const idleMillis = server.body_idle_timeout_seconds * 1000;
  const pace = { idleMillis, leastRate: server.minimum_rate };
  const gateway = createGateway<ServedBucket>(
    {
      route: (incoming) => routeRequest(routes, incoming),
      isForm,
      routeForm: (incoming, stop) => routeForm(routes, incoming, (form) => readForm(form, pace, stop)),
      authenticate: tellingRegion(createAuthenticate<ServedBucket>({ watch, pseudonyms })),
      preflight: answerPreflight,
      answer: answerQuestion,
      resolve: resolveUpload<ServedBucket>,
      authorize: createAuthorize<ServedBucket>(watch),
      upload: createHandlers(objectOptions(config.upload, memory)),
    },
    { pace, chunks: new ChunkCollector(), concurrentUploads: config.upload.concurrent_uploads },
  );
  watchForms(registry, gateway);
  for (const { bucket } of routes) watchStore(registry, bucket.name, bucket.store);
  const report = createReport(log, new RequestMetrics(registry));
  const corsOf = corsFinder(routes);
  const hostBucketOf = virtualHosts(server.domain ?? []);
  const wantsOperation = config.tracing.sampling.overrides !== undefined;
  const cluesOf = tracer === NO_TRACER ? () => undefined : clueFinder(routes, wantsOperation);
  const limits = {
    headerMillis: server.header_timeout_seconds * 1000,
    headerBytes: server.max_header_size,
    connections: server.max_connections,
  };
  const listener = await listen({
    ...server.address,
    limits,
    idleMillis,
    gateway,
    tracer,
    cluesOf,
    corsOf,
    hostBucketOf,
    isOwnHost: ownHosts(server.domain ?? []),
    report,
    edge,
  });
  watchConnections(registry, listener);
  return listener;
}

function partMemory(upload: Config['upload']): PartMemory {
  return new PartMemory({
    limitBytes: upload.memory_limit,
    leastBytes: partSizeFor(upload.max_object_size, upload.part_size).leastBytes,
    waitMillis: upload.memory_wait_seconds * 1000,
    fairRate: upload.fair_rate,
  });
}

function objectOptions(upload: Config['upload'], memory: PartMemory): ObjectOptions {
  return {
    fairRate: upload.fair_rate,
    thresholdBytes: upload.multipart_threshold,
    partBytes: upload.part_size,
    concurrentParts: upload.concurrent_parts,
    maxObjectBytes: upload.max_object_size,
    maxPartBytes: upload.max_part_size,
    keepAliveMillis: upload.keep_alive_seconds * 1000,
    memory,
  };
}

function sayStarted(
  log: ProcessLog,
  config: Config,
  warnings: readonly VariableWarning[],
  listener: Listener,
  admin: AdminPort | undefined,
): void {
  for (const warning of warnings) log.warn(warning, 'a variable of OpenTelemetry is not followed');
  for (const deprecated of deprecatedSettings(config)) log.warn(deprecated, 'this setting is deprecated');
  for (const { name, path_prefix, auth } of config.buckets) {
    if (auth.enabled) continue;
    log.warn({ bucket: name, path_prefix }, 'anonymous uploads: whoever reaches this port may write into this bucket');
  }
  const address = `${listener.host}:${listener.port}`;
  log.info({ address, metrics_port: admin?.port, tracing: config.tracing.enabled }, 'listening');
}

async function reloadFiles({ reloads }: BucketParts, log: ProcessLog): Promise<void> {
  for (const { file, what, reload } of reloads) {
    await reload().then(
      () => log.info({ file }, `${what} read again`),
      (error) => log.error({ file, problem: error.message }, `${what} could not be read again; the old ones count on`),
    );
  }
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => (promise ??= run());
}
