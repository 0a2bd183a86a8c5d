/**
 * The primary of several workers. It serves no uploads: it keeps the workers running, and does once what belongs to the whole gateway:
 * the admin port, metrics, signals, the configuration.
 */
import { dirname, resolve } from 'node:path';
import { type AdminParts, openAdminWith } from '../app/admin.ts';
import { openCertificates } from '../app/edge.ts';
import { Lifetime } from '../app/lifetime.ts';
import { logStart } from '../app/log-start.ts';
import { type Changes, changesOf, withoutRestart } from '../app/reload/changes.ts';
import type { Candidate } from '../app/reload/generations.ts';
import { type ConfigSource, watchSources } from '../app/reload/open-reloads.ts';
import { type Loaded, Reloads } from '../app/reload/reloads.ts';
import { exporterLink, openLog, pushMetrics } from '../app/telemetry.ts';
import { openAdminView } from '../app/view/open-view.ts';
import { watchDescriptors } from '../app/watch-descriptors.ts';
import type { Config } from '../config/config.ts';
import { type LoadedConfig, loadConfigWithSources } from '../config/load-config.ts';
import { activatedSocket } from '../kit/activated-socket.ts';
import { packageVersion } from '../kit/package-version.ts';
import type { Signals } from '../kit/signals.ts';
import { watchConfig } from '../metrics/config-metrics.ts';
import { watchExport } from '../metrics/export-metrics.ts';
import { expose } from '../metrics/exposition.ts';
import { showLimits } from '../metrics/limit-metrics.ts';
import { MergedMetrics } from '../metrics/merged-metrics.ts';
import { watchProcess } from '../metrics/process-metrics.ts';
import { Registry } from '../metrics/registry.ts';
import type { ProbeState, Probes } from '../server/probes.ts';
import { ServerPhase } from '../server/server-phase.ts';
import type { ViewedProcess } from '../view/sources.ts';
import { Supervisor } from './supervisor.ts';

/** Milliseconds beyond the times of the configuration: for the last telemetry, and the cleanup of aborted uploads. */
const GRACE_MILLIS = 12_000;

const STARTING: ProbeState = { status: 'starting', isGood: false };
const DRAINING: ProbeState = { status: 'draining', isGood: false };
const OK: ProbeState = { status: 'ok', isGood: true };

/** @returns the exit code: 0 after an orderly shutdown, 1 if the workers cannot be kept running. @throws Error if they cannot start. */
export async function runPrimary(
  loaded: LoadedConfig,
  source: ConfigSource,
  count: number,
  env: NodeJS.ProcessEnv,
  signals: Signals,
): Promise<number> {
  const { config, warnings } = loaded;
  const directory = dirname(resolve(source.file));
  const link = exporterLink();
  const { log, exported } = await openLog(config, directory, link);
  const lifetime = new Lifetime(log);
  lifetime.onLastFlush((millis) => log.close(millis));
  const registry = new Registry(config.metrics.otlp !== undefined);
  const metrics = new MergedMetrics(registry);
  const failed = Promise.withResolvers<void>();
  const supervisor = new Supervisor(config, {
    count,
    directory,
    uploadSocket: activatedSocket(env, process.pid),
    log,
    metrics,
    giveUp: () => failed.resolve(),
    ended: () => registry.add('mizuchi_worker_failures', [], 1),
    inTurn: (work) => (reloads === undefined ? work() : reloads.inTurn(work)),
  });
  let reloads: Reloads | undefined;
  const phase = new ServerPhase();
  let times = config.server;
  try {
    if (exported !== undefined) watchExport(registry, 'logs', exported.stats);
    lifetime.onClose(watchProcess(registry, packageVersion()));
    lifetime.onClose(watchDescriptors(log, registry));
    registry.add('mizuchi_worker_failures', [], 0);
    registry.onCollect(() => {
      registry.set('mizuchi_workers', ['running'], supervisor.workers.length);
      registry.set('mizuchi_workers', ['wanted'], count);
    });
    showLimits(registry, config);
    const collect = async () => {
      await supervisor.refreshMetrics('collect');
      return metrics.collect();
    };
    const pushed = await pushMetrics(config, lifetime, registry, collect, { log, directory, link });
    const exports = [pushed, exported].filter((each) => each !== undefined);
    const adminTls = config.admin.tls ? config.server.tls : undefined;
    const certificates = await openCertificates(adminTls, lifetime, directory);
    const probes = probesOf(phase, supervisor);
    const families = async () => {
      await supervisor.refreshMetrics('current');
      return metrics.current();
    };
    const openView: AdminParts['openView'] = async (reloads) => {
      const processes = await processesOf(supervisor);
      return openAdminView({ config, log, probes, processes, exports, families, reloads });
    };
    const parts = { probes, directory, certificates, openView: config.admin.view ? openView : undefined };
    const admin = await openAdminWith(config, lifetime, parts, async (accept) => {
      await supervisor.refreshMetrics('collect');
      return expose(metrics, accept);
    });
    const { host, port } = await supervisor.start();
    phase.enter('serving');
    const tools = {
      log,
      file: resolve(source.file),
      figures: watchConfig(registry),
      load: () => loadConfigWithSources(source.file, env),
      prepare: (next: Loaded) =>
        prepareAll(supervisor, opened.config, next.config, (used) => {
          times = used.server;
          showLimits(registry, used);
        }),
    };
    const opened: Reloads = new Reloads(tools, loaded);
    reloads = opened;
    admin?.useReloads(opened);
    lifetime.onClose(watchSources(source, opened));
    logStart(log, config, warnings, { host, port, adminPort: admin?.port, workers: count });
    signals.onReload(() => void opened.run().catch(() => {}));
    signals.onRoll(() => {
      const rolled = opened.inTurn(() => supervisor.roll());
      rolled.then(
        () => log.info({ workers: count }, 'all workers replaced'),
        (error: Error) => log.error({ problem: error.message }, 'the workers could not be replaced'),
      );
    });
    signals.onKill(() => supervisor.kill());
    const code = await Promise.race([signals.end.then(() => 0), failed.promise.then(() => 1)]);
    if (code === 1) log.error({}, 'the workers end again and again; the gateway ends');
    phase.enter('leaving');
    await supervisor.close((times.shutdown_delay_seconds + times.shutdown_timeout_seconds) * 1000 + GRACE_MILLIS);
    await lifetime.close();
    return code;
  } catch (error) {
    supervisor.kill();
    await lifetime.close();
    throw error;
  }
}

/** The workers for the live view, whose code is loaded only for it. */
async function processesOf(supervisor: Supervisor): Promise<() => readonly ViewedProcess[]> {
  const { remoteProcess } = await import('../view/remote-process.ts');
  return () =>
    supervisor.serving.map((worker) => ({
      id: worker.id,
      worker: worker.slot + 1,
      view: remoteProcess((request) => worker.request('view', request)),
    }));
}

function probesOf(phase: ServerPhase, supervisor: Supervisor): Probes {
  return {
    startup: () => (phase.name === 'starting' ? STARTING : OK),
    async ready() {
      if (phase.name === 'starting') return STARTING;
      if (phase.closesConnections) return DRAINING;
      // One that can serve is enough.
      let last = STARTING;
      const good = supervisor.workers.map(async (worker) => {
        const state = await worker.request('ready', undefined);
        if (state.isGood) return state;
        last = state;
        throw new Error(state.status);
      });
      return Promise.any(good).catch(() => last);
    },
  };
}

/** All workers can use the configuration, or none of them does. @throws Error that describes the first problem. */
async function prepareAll(
  supervisor: Supervisor,
  before: Config,
  wanted: Config,
  used: (config: Config) => void,
): Promise<Candidate> {
  const changes: Changes = changesOf(before, wanted);
  const config = withoutRestart(before, wanted);
  const { workers } = supervisor;
  const results = await Promise.allSettled(
    workers.map((worker) => worker.request('prepare', supervisor.configFor(worker, config))),
  );
  const discard = async () => {
    // Also of a worker that prepares it later than it should.
    await Promise.allSettled(workers.map((worker) => worker.request('discard', undefined)));
  };
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await discard();
    throw failed.reason;
  }
  return {
    changes,
    config,
    discard,
    use() {
      supervisor.use(config);
      used(config);
      for (const worker of workers) void worker.request('use', undefined).catch(() => worker.abort());
    },
  };
}
