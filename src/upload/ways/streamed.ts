/** The general way: one request to the store, whose body is sent while it arrives. The store verifies conditions and promises at once. */
import { type KnownLength, openReframed } from '../../body/reframed-stream.ts';
import type { Reply } from '../../domain/stages.ts';
import type { Place } from '../../s3/store-line.ts';
import { enterStore, putInOneRequest } from './one-request.ts';
import type { ObjectUpload, Way } from './way.ts';
import { yieldWhileSlow } from './yield-connection.ts';

export interface StreamedOptions {
  /** Bytes per second that an upload must reach while others wait for its connection. */
  readonly fairRate: number;
}

export function createStreamed({ fairRate }: StreamedOptions): Way {
  return {
    name: 'streamed',
    judge: ({ plan }) => ({ suits: plan.length !== undefined, reason: undefined }),
    async send(upload) {
      const place = await enterStore(upload); // before the body is requested from the client
      try {
        return await streamOver(place, upload, fairRate);
      } finally {
        place.leave();
      }
    },
  };
}

export async function streamOver(place: Place, upload: ObjectUpload, fairRate: number): Promise<Reply> {
  const { request, plan, headers, scope } = upload;
  const { source, ...sending } = await openReframed(request.incoming, plan as KnownLength, headers, scope);
  const endWatch = yieldWhileSlow(source, scope.transfer, request.bucket.store, fairRate);
  return putInOneRequest(upload, sending, place).finally(endWatch);
}
