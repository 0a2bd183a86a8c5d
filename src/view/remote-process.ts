/** The view of another process, over the channel between a primary and its workers. */
import type { HealthOfProcess, ProcessView, RequestsOfProcess, UploadsOfProcess } from './sources.ts';

/** A request of the primary. */
export type ViewRequest =
  | { readonly of: 'uploads' | 'health' }
  | { readonly of: 'requests'; readonly since: number }
  | { readonly of: 'trace'; readonly traceId: string };

/** @param send to the process. */
export function remoteProcess(send: (request: ViewRequest) => Promise<unknown>): ProcessView {
  return {
    uploads: async () => (await send({ of: 'uploads' })) as UploadsOfProcess,
    requests: async (since) => (await send({ of: 'requests', since })) as RequestsOfProcess,
    trace: async (traceId) => (await send({ of: 'trace', traceId })) as string | undefined,
    health: async () => (await send({ of: 'health' })) as HealthOfProcess,
  };
}

/** In that process. */
export function respondToView(view: ProcessView, request: ViewRequest): Promise<unknown> {
  switch (request.of) {
    case 'requests':
      return view.requests(request.since);
    case 'trace':
      return view.trace(request.traceId);
    default:
      return view[request.of]();
  }
}
