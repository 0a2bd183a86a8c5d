/** A generation of the configuration: what requests are served with, from the start or a reload until the last of them ends. */
import type { Config } from '../config/config.ts';
import { NO_TRACER } from '../domain/span.ts';
import { createReport } from '../gateway/report.ts';
import type { Served } from '../server/listener.ts';
import { ownHosts, virtualHosts } from '../server/virtual-hosts.ts';
import { routeTo } from './buckets.ts';
import { openGateway } from './gateway.ts';
import type { Reloader, RequiredService } from './lifetime.ts';
import { markOf, SharedBucket } from './shared-bucket.ts';
import type { World } from './world.ts';

export class Generation {
  readonly config: Config;
  readonly served: Served;
  readonly #buckets: readonly SharedBucket[];

  private constructor(config: Config, served: Served, buckets: readonly SharedBucket[]) {
    this.config = config;
    this.served = served;
    this.#buckets = buckets;
  }

  /**
   * @param previous its buckets are used again where they are the same.
   * @throws Error that names the bucket, if a part of it cannot be opened. Nothing is left open then.
   */
  static async open(config: Config, world: World, previous?: Generation): Promise<Generation> {
    const buckets: SharedBucket[] = [];
    try {
      for (const bucket of config.buckets) {
        const mark = await markOf(bucket, world.context);
        const same = previous === undefined ? undefined : previous.#buckets.find((each) => each.mark === mark);
        buckets.push((same ?? (await SharedBucket.open(bucket, mark, world))).use());
      }
      return new Generation(config, servedBy(config, buckets, world), buckets);
    } catch (error) {
      await Promise.all(buckets.map((bucket) => bucket.release()));
      throw error;
    }
  }

  get reloaders(): readonly Reloader[] {
    return [...new Set(this.#buckets)].flatMap(({ lifetime }) => lifetime.reloaders);
  }

  get services(): readonly RequiredService[] {
    return this.#buckets.flatMap(({ lifetime }) => lifetime.services);
  }

  /** Closes the buckets that no other generation uses. */
  async release(): Promise<void> {
    for (const bucket of this.#buckets) await bucket.release();
  }
}

function servedBy(config: Config, buckets: readonly SharedBucket[], world: World): Served {
  const { server, logging } = config;
  const routes = config.buckets.map((bucket, i) => routeTo(bucket, config, buckets[i]!.parts));
  const { context, tracer, limits, metrics, observed } = world;
  const report = createReport(context.log, metrics, logging.success_ratio);
  return {
    gateway: openGateway(config, routes, context.watch, tracer !== NO_TRACER, limits),
    report: observed?.watch(report, config) ?? report,
    hostBucketOf: virtualHosts(server.domain ?? []),
    isOwnHost: ownHosts(server.domain ?? []),
    idleMillis: server.body_idle_timeout_seconds * 1000,
  };
}
