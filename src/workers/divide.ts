/** The part of one worker: limits of the configuration mean the whole gateway, and are divided among the workers. */
import type { Config } from '../config/config.ts';
import { partSizeFor } from '../upload/ways/split/part-size.ts';

/** The worker's number from 0, and how many there are. */
export interface Part {
  readonly slot: number;
  readonly of: number;
}

/** @returns the parts of all workers add up to the limit, unless it is smaller than their number. */
function partOf(limit: number, { slot, of }: Part): number {
  return Math.max(1, Math.floor(limit / of) + (slot < limit % of ? 1 : 0));
}

/** The configuration of one worker. The admin port, the export of metrics and the file itself belong to the primary. */
export function configOfWorker(config: Config, which: Part): Config {
  const part = (limit: number): number => partOf(limit, which);
  const { server, upload, buckets, tracing, admin } = config;
  const least = partSizeFor(upload.max_object_size, upload.part_size).leastBytes;
  return {
    ...config,
    admin: { ...admin, enabled: false },
    server: { ...server, max_connections: part(server.max_connections) },
    upload: {
      ...upload,
      concurrent_uploads: part(upload.concurrent_uploads),
      // A worker with less could not split the largest object.
      memory_limit: Math.max(least, part(upload.memory_limit)),
    },
    buckets: buckets.map(({ s3, authz, ...bucket }) => ({
      ...bucket,
      s3: { ...s3, max_connections: part(s3.max_connections) },
      authz: {
        ...authz,
        ...(authz.opa && { opa: { ...authz.opa, max_concurrent: part(authz.opa.max_concurrent) } }),
        ...(authz.openfga && { openfga: { ...authz.openfga, max_concurrent: part(authz.openfga.max_concurrent) } }),
      },
    })),
    tracing: tracingOfWorker(tracing, which),
  };
}

type Tracing = Config['tracing'];

/** Bytes; the least that `tracing.fallback_file.max_size` may be. */
const LEAST_FILE = 1024 ** 2;

function tracingOfWorker({ batch, sampling, fallback_file, ...tracing }: Tracing, part: Part): Tracing {
  const { keep, max_traces_per_second } = sampling;
  return {
    ...tracing,
    batch: {
      ...batch,
      max_queue_size: partOf(batch.max_queue_size, part),
      max_queue_bytes: partOf(batch.max_queue_bytes, part),
    },
    sampling: {
      ...sampling,
      ...(keep && { keep: { ...keep, max_bytes: partOf(keep.max_bytes, part) } }),
      ...(max_traces_per_second !== undefined && { max_traces_per_second: max_traces_per_second / part.of }),
    },
    fallback_file: {
      ...fallback_file,
      path: pathOfWorker(fallback_file.path, part),
      max_size: Math.max(LEAST_FILE, partOf(fallback_file.max_size, part)),
    },
  };
}

/** Each worker writes its own file: `spans.jsonl` becomes `spans-1.jsonl`. */
function pathOfWorker(path: string, { slot }: Part): string {
  const name = /^(.*?)(\.[^./]*)?$/s.exec(path)!;
  return `${name[1]}-${slot + 1}${name[2] ?? ''}`;
}
