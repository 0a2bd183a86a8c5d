/** The data that a sampler may use before authentication: the trace in which the upload began, the bucket and the operation. */
import { Failure } from '../domain/failure.ts';
import { PREFLIGHT } from '../domain/operation.ts';
import type { Routable, Routing } from '../domain/routing.ts';
import type { SamplingHints } from '../domain/span.ts';
import type { SealingBucket } from '../upload-id/seal.ts';

type HintsOf = (routing: Routing<SealingBucket>, request: Routable) => SamplingHints | undefined;

/** @param withOperation whether the sampler uses bucket and operation. */
export function samplingHints(withOperation: boolean): HintsOf {
  return (routing, request) => {
    const { bucket, key } = routing;
    if (bucket === undefined || key === undefined) return undefined;
    const uploadId = request.query.find(([name]) => name === 'uploadId')?.[1];
    if (uploadId === undefined && !withOperation) return undefined;
    const origin = uploadId === undefined ? undefined : originOf(bucket, uploadId, key);
    return withOperation ? { origin, bucket: bucket.name, operation: operationOf(routing, request) } : { origin };
  };
}

/** The id is trusted only if its seal is valid. Its owner cannot be checked yet, and does not matter here. */
function originOf({ uploadIds }: SealingBucket, uploadId: string, key: string): SamplingHints['origin'] {
  try {
    return uploadIds.open(uploadId, key)?.origin;
  } catch {
    return undefined;
  }
}

function operationOf({ key, outcome }: Routing, { method }: Routable): string | undefined {
  if (outcome instanceof Failure || 'form' in outcome)
    return method === 'POST' && key === '' ? 'PostObject' : undefined;
  const { operation } = outcome.request;
  return operation === PREFLIGHT ? undefined : operation;
}
