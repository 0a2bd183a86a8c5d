/** Compares what a gateway may need with the limits of this process: file descriptors and memory (docs/sizing.md). */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { configuredEngines } from '../../authz/engines.ts';
import { adminAddress } from '../../config/admin.ts';
import type { Config } from '../../config/config.ts';
import { descriptorLimit } from '../../kit/descriptors.ts';
import { workersOf } from '../../kit/worker-count.ts';
import { type Finding, fails, works } from './finding.ts';

const MIB = 1024 ** 2;
/** Descriptors of the process itself: libraries, event loops, log, exporter, DNS. */
const OWN_DESCRIPTORS = 100;
/** Of a body that a pump moves: a duplicate of each connection, and a pipe. */
const OF_MOVED_BODY = 4;
/** Bytes: the process at rest, each other process, one upload in progress, and one exporter thread. */
const [AT_REST, OTHER_PROCESS, UPLOAD, EXPORTER] = [130 * MIB, 70 * MIB, 350 * 1024, 25 * MIB];

export function examineResources(config: Config): Finding[] {
  return [descriptors(config), memory(config)];
}

function descriptors(config: Config): Finding {
  const what = 'file descriptors';
  const limit = descriptorLimit('hard');
  const needed = neededDescriptors(config);
  if (limit === undefined) return { what, ...works(`up to ${needed}; this system shows no limit`) };
  const text = `up to ${needed}, the limit is ${limit}`;
  if (needed <= limit) return { what, ...works(text) };
  return { what, ...fails(text, 'raise it (ulimit -n, LimitNOFILE in systemd), or lower server.max_connections') };
}

/** Of one process: several workers divide the connections. */
function neededDescriptors(config: Config): number {
  const { server, buckets, upload } = config;
  const ofStore = upload.way === 'stream' ? 1 : 1 + OF_MOVED_BODY;
  const behind = buckets.flatMap(({ s3, authz }) => [
    s3.max_connections * ofStore,
    ...configuredEngines(authz).map(({ options }) => options.max_concurrent),
  ]);
  const admin = adminAddress(config)?.connections ?? 0;
  const connections = [server.max_connections, ...behind].reduce((sum, each) => sum + each);
  return Math.ceil(connections / workersOf(server.workers)) + admin + OWN_DESCRIPTORS;
}

function memory(config: Config): Finding {
  const what = 'memory';
  const { bytes, source } = memoryLimit();
  const needed = neededMemory(config);
  const text = `up to ${inMib(needed)}, the limit is ${inMib(bytes)} (${source})`;
  if (needed <= bytes) return { what, ...works(text) };
  return { what, ...fails(text, 'raise the limit, or lower upload.concurrent_uploads or upload.memory_limit') };
}

/** The budget of docs/sizing.md, in bytes. The processes of several workers share the pages of Node.js (docs/scaling.md). */
function neededMemory({ server, upload, tracing }: Config): number {
  const workers = workersOf(server.workers);
  const others = workers === 1 ? 0 : OTHER_PROCESS * workers; // the primary, and the workers but one
  const spans = tracing.batch.max_queue_bytes + (tracing.sampling.keep?.max_bytes ?? 0) + EXPORTER * workers;
  const uploads = upload.memory_limit + UPLOAD * upload.concurrent_uploads;
  return AT_REST + others + uploads + (tracing.enabled ? spans : 0);
}

/** Of the cgroup (cgroups(7)), version 2 or 1; otherwise the memory of the machine. */
function memoryLimit(): { readonly bytes: number; readonly source: string } {
  const groups = contentOf('/proc/self/cgroup') ?? '';
  const [, unified] = /^0::(.*)$/m.exec(groups) ?? [];
  const [, controller] = /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m.exec(groups) ?? [];
  const files = [
    unified && `/sys/fs/cgroup${unified}/memory.max`,
    '/sys/fs/cgroup/memory.max',
    controller && `/sys/fs/cgroup/memory${controller}/memory.limit_in_bytes`,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  ];
  const machine = totalmem();
  for (const file of files) {
    const bytes = Number(file ? (contentOf(file) ?? Number.NaN) : Number.NaN);
    if (bytes > 0 && bytes < machine) return { bytes, source: 'cgroup' };
  }
  return { bytes: machine, source: 'machine' };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const inMib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
