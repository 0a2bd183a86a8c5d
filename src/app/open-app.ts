/** Opens the parts of one process that serves uploads. Each part registers its end. */
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/expand.ts';
import type { RequestTracer } from '../domain/span.ts';
import type { ProcessLog } from '../logging/create-log.ts';
import type { Listener } from '../server/listener.ts';
import { ServerPhase } from '../server/server-phase.ts';
import type { ObservedProcess } from '../view/observed-process.ts';
import { type AdminParts, type OpenedAdmin, openAdmin } from './admin.ts';
import { openCertificates, openEdge } from './edge.ts';
import { Generation } from './generation.ts';
import { Lifetime } from './lifetime.ts';
import { openBodyPump } from './pump.ts';
import { Readiness } from './readiness.ts';
import { Generations } from './reload/generations.ts';
import { exporterLink, openLog, openTelemetry } from './telemetry.ts';
import { openUploads } from './uploads.ts';
import { collectsView, openAdminView, openObservedProcess, type ViewParts } from './view/open-view.ts';
import { watchDescriptors } from './watch-descriptors.ts';
import { openWorld, type World } from './world.ts';

export interface OpenOptions {
  /** The directory that relative paths of the configuration start from; the working directory by default. */
  readonly directory?: string;
  /** The environment for the files that the configuration names. */
  readonly env?: Environment;
  /** The log; lines on the standard output by default. */
  readonly log?: ProcessLog;
  /** The descriptor of a TCP socket that already listens: the upload port, instead of `server.address`. */
  readonly uploadSocket?: number | undefined;
  /** Whether it is one of several processes: the primary exports the metrics of all. */
  readonly isWorker?: boolean;
  /** Records traces instead of the tracer that the configuration describes. The caller shuts it down. */
  readonly tracer?: RequestTracer;
}

export interface OpenApp {
  readonly lifetime: Lifetime;
  readonly log: ProcessLog;
  readonly world: World;
  readonly phase: ServerPhase;
  readonly readiness: Readiness;
  readonly listener: Listener;
  /** Undefined where it is closed. */
  readonly admin: OpenedAdmin | undefined;
  /** The first generation of the configuration. */
  readonly generation: Generation;
  readonly generations: Generations;
}

/** @throws Error if an address cannot be bound or a bucket has no credentials; nothing is left running then. */
export async function openApp(config: Config, options: OpenOptions): Promise<OpenApp> {
  const { directory = process.cwd(), env = {}, isWorker = false } = options;
  const link = exporterLink();
  const { log, exported } = await openLog(config, directory, link, options.log);
  const lifetime = new Lifetime(log);
  lifetime.onLastFlush((millis) => log.close(millis));
  try {
    const telemetry = await openTelemetry(
      config,
      lifetime,
      { log, directory, link, isWorker, collects: collectsView(config, isWorker) },
      options.tracer,
      exported,
    );
    const pump = await openBodyPump(config, lifetime, log, telemetry.registry);
    const observed = await openObservedProcess(config, telemetry, log, isWorker);
    const world = openWorld(config, telemetry, { directory, env, log }, pump, observed);
    lifetime.observeReloads(world.reloaded);
    lifetime.onClose(watchDescriptors(log, world.registry));
    const generation = await Generation.open(config, world);
    const generations = new Generations(generation, world);
    lifetime.onClose(() => generations.close());
    const phase = new ServerPhase();
    const readiness = new Readiness(phase);
    readiness.require(config.ready, generation.services);
    const certificates = await openCertificates(config.server.tls, lifetime, directory);
    const { registry } = world;
    const openView =
      observed && viewOf(observed, { config, log, probes: readiness, families: () => registry.current() });
    const admin = await openAdmin(config, lifetime, registry, {
      probes: readiness,
      directory,
      certificates,
      openView,
    });
    const edge = openEdge(config.server, certificates, world.context, registry);
    const port = { edge, phase, probes: readiness, socket: options.uploadSocket };
    const listener = await openUploads(lifetime, world, generations, port);
    generations.serveWith({ listener, readiness, reloaders: lifetime.reloaders });
    return { lifetime, log, world, phase, readiness, listener, admin, generation, generations };
  } catch (error) {
    await lifetime.close();
    throw error;
  }
}

type ProcessParts = Pick<ViewParts, 'config' | 'log' | 'probes' | 'families'>;

/** The view of a gateway that is one process. */
function viewOf({ view }: ObservedProcess, parts: ProcessParts): AdminParts['openView'] {
  return (reloads) => openAdminView({ ...parts, processes: () => [{ id: 0, worker: null, view }], reloads });
}
