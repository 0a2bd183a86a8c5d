/** The part of one worker: limits of the configuration mean the whole gateway, and each worker gets its share of them. */
import type { Config } from '../config/config.ts';
import { partSizeFor } from '../upload/ways/split/part-size.ts';

/** The worker's number from 0, and how many there are. */
export interface Share {
  readonly slot: number;
  readonly of: number;
}

/** @returns the shares of all workers add up to the limit, unless it is smaller than their number. */
export function shareOf(limit: number, { slot, of }: Share): number {
  return Math.max(1, Math.floor(limit / of) + (slot < limit % of ? 1 : 0));
}

/** The configuration of one worker. The admin port, the export of metrics and the file itself belong to the primary. */
export function configOfWorker(config: Config, share: Share): Config {
  const part = (limit: number): number => shareOf(limit, share);
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
    tracing: tracingOfWorker(tracing, share),
  };
}

type Tracing = Config['tracing'];

function tracingOfWorker({ batch, sampling, fallback_file, ...tracing }: Tracing, share: Share): Tracing {
  const { keep, max_traces_per_second } = sampling;
  return {
    ...tracing,
    batch: {
      ...batch,
      max_queue_size: shareOf(batch.max_queue_size, share),
      max_queue_bytes: shareOf(batch.max_queue_bytes, share),
    },
    sampling: {
      ...sampling,
      ...(keep && { keep: { ...keep, max_bytes: shareOf(keep.max_bytes, share) } }),
      ...(max_traces_per_second !== undefined && { max_traces_per_second: max_traces_per_second / share.of }),
    },
    fallback_file: { ...fallback_file, path: pathOfWorker(fallback_file.path, share) },
  };
}

/** Each worker writes its own file: `spans.jsonl` becomes `spans-1.jsonl`. */
function pathOfWorker(path: string, { slot }: Share): string {
  const name = /^(.*?)(\.[^./]*)?$/s.exec(path)!;
  return `${name[1]}-${slot + 1}${name[2] ?? ''}`;
}
