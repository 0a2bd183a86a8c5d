/**
 * Large objects, and objects of undeclared length: sent in parts, several at a time, in a multipart upload
 * that the gateway creates. Objects with a condition, or with a promise that parts cannot carry, are safer in one request.
 */
import { MAX_OBJECT } from '../../body/body-plan.ts';
import { asFailure } from '../../domain/failure.ts';
import type { WayReason } from '../../domain/upload-way.ts';
import { conditionHeaders } from '../../s3/header-allow-list.ts';
import { partProtection } from './split/part-protection.ts';
import { partSizeFor } from './split/part-size.ts';
import { SplitObject } from './split/split-object.ts';
import type { SplitOptions } from './split/split-options.ts';
import { type ObjectUpload, refuses, suits, type Way } from './way.ts';

export function createSplit(options: SplitOptions): Way {
  return {
    name: 'split',
    judge(upload) {
      const { length } = upload.plan;
      if (length === undefined) return suits('undeclared_length');
      const reason = refusalOf(upload, length, options);
      if (reason !== undefined) return refuses(reason);
      return suits(length > MAX_OBJECT ? 'above_request_limit' : 'above_threshold');
    },
    async send(upload) {
      const object = new SplitObject(upload, options);
      try {
        return await object.send();
      } catch (thrown) {
        throw await object.undo(asFailure(thrown));
      } finally {
        object.close();
      }
    },
  };
}

/** Why one request is better, or the only possibility. */
function refusalOf({ request, plan }: ObjectUpload, length: number, options: SplitOptions): WayReason | undefined {
  const { operation, incoming, bucket } = request;
  if (operation !== 'PutObject') return 'part_of_client';
  if (length <= options.thresholdBytes) return 'below_threshold';
  if (length > MAX_OBJECT) return undefined;
  if (Object.keys(conditionHeaders(incoming.headers)).length > 0) return 'conditional_write';
  if (plan.onlyWhole !== undefined) return 'checksum_only_of_whole';
  if (partProtection(plan, bucket.checksums).md5) return 'store_without_checksums';
  const { leastBytes } = partSizeFor(length, options.partBytes);
  return options.memory.canSplit(leastBytes) ? undefined : 'no_part_memory';
}
