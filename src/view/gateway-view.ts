/** The whole gateway as one: the documents of its processes, merged. A process that does not respond is left out. */
import type {
  HealthDocument,
  RecentRequest,
  TracesDocument,
  Upload,
  UploadsDocument,
  ViewDocument,
} from './documents.ts';
import { mergedTraces } from './merged-traces.ts';
import { type Responses, responses } from './responses.ts';
import type { TraceMark, ViewedProcess, ViewSource } from './sources.ts';

/** Most uploads of one document. */
const MOST_UPLOADS = 1_000;
/** Most ordinary requests of one document. */
const MOST_REQUESTS = 500;

export interface GatewayViewParts {
  readonly about: ViewDocument;
  /** The processes that serve uploads at the moment. */
  processes(): readonly ViewedProcess[];
  health(processes: readonly ViewedProcess[]): Promise<HealthDocument>;
  config: ViewSource['config'];
}

export function openGatewayView({ about, processes, health, config }: GatewayViewParts): ViewSource {
  const newTraces = async (mark: TraceMark): Promise<TracesDocument> => {
    const asked = processes();
    const all = await responses(asked, ({ id, view }) => view.requests(mark.get(id) ?? 0));
    for (const [{ id }, { sequence }] of all) mark.set(id, sequence);
    const requests = all.flatMap(([{ worker }, found]) => found.requests.map((request) => ({ ...request, worker })));
    return { at: Date.now(), tracing: about.tracing, requests: newest(requests) };
  };
  return {
    view: () => about,
    uploads: async () => uploadsOf(await responses(processes(), ({ view }) => view.uploads())),
    traces: () => newTraces(new Map()),
    newTraces,
    async trace(traceId) {
      const found = await responses(processes(), ({ view }) => view.trace(traceId));
      return mergedTraces(found.flatMap(([, trace]) => trace ?? []));
    },
    health: () => health(processes()),
    config,
  };
}

function uploadsOf(all: Responses<{ readonly total: number; readonly uploads: readonly Upload[] }>): UploadsDocument {
  const uploads = all
    .flatMap(([{ worker }, found]) => found.uploads.map((upload) => ({ ...upload, worker })))
    .sort((one, other) => one.started_at - other.started_at)
    .slice(0, MOST_UPLOADS);
  return {
    at: Date.now(),
    total: all.reduce((sum, [, { total }]) => sum + total, 0),
    bytes_per_second: uploads.reduce((sum, { bytes_per_second }) => sum + bytes_per_second, 0),
    uploads,
  };
}

function newest(requests: readonly RecentRequest[]): RecentRequest[] {
  const endOf = ({ started_at, duration_seconds }: RecentRequest): number => started_at + duration_seconds * 1000;
  let ordinary = 0;
  return requests
    .toSorted((one, other) => endOf(other) - endOf(one))
    .filter(({ kept }) => kept !== 'recent' || ++ordinary <= MOST_REQUESTS);
}
