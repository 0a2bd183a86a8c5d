/** The stages of one gateway, in their order, over the buckets that it serves. */
import { createAuthenticate } from '../auth/authenticate.ts';
import { Pseudonyms } from '../auth/pseudonyms.ts';
import { createAuthorize } from '../authz/authorize.ts';
import type { Config } from '../config/config.ts';
import { respondToPreflight } from '../cors/preflight.ts';
import type { AuthObserver } from '../domain/auth-observer.ts';
import type { Pace } from '../domain/pace.ts';
import { readForm } from '../form/read-form.ts';
import { Admission } from '../gateway/admission.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import { ChunkCollector } from '../kit/chunk-collector.ts';
import type { OpenPump } from '../pump/open-pump.ts';
import type { Route } from '../router/find-bucket.ts';
import { routeForm } from '../router/route-form.ts';
import { routeRequest } from '../router/route-request.ts';
import { respondToBucketRequest, withBucketRegion } from '../upload/bucket-requests.ts';
import { createHandlers, type HandlerOptions } from '../upload/handlers.ts';
import { PartMemory } from '../upload/ways/split/part-memory.ts';
import { partSizeFor } from '../upload/ways/split/part-size.ts';
import { resolveUpload } from '../upload-id/resolve-upload.ts';
import type { ServedBucket } from './buckets.ts';
import { pseudonymKey } from './derived-keys.ts';
import { samplingHints } from './sampling-hints.ts';

const NO_HEADERS = {};

/** What all uploads share, whatever configuration they are served with. */
export interface SharedLimits {
  readonly memory: PartMemory;
  readonly admission: Admission;
  /** Undefined where bodies are streamed. */
  readonly pump: OpenPump | undefined;
}

export function sharedLimits({ upload }: Pick<Config, 'upload'>, pump?: OpenPump): SharedLimits {
  return { memory: partMemory(upload), admission: new Admission(upload.concurrent_uploads), pump };
}

export function openGateway(
  config: Config,
  routes: readonly Route<ServedBucket>[],
  watch: AuthObserver,
  isTraced: boolean,
  { memory, admission, pump }: SharedLimits = sharedLimits(config),
): Gateway {
  const { server, tracing, upload } = config;
  const pseudonyms = new Pseudonyms(pseudonymKey(config), tracing.subject);
  const pace: Pace = { idleMillis: server.body_idle_timeout_seconds * 1000, leastRate: server.minimum_rate };
  return createGateway<ServedBucket>(
    {
      route: (request) => routeRequest(routes, request),
      samplingHints: isTraced ? samplingHints(tracing.sampling.overrides !== undefined) : () => undefined,
      corsHeaders: ({ bucket }, { headers }) => bucket?.cors?.responseHeaders(headers.origin) ?? NO_HEADERS,
      routeForm: (form, incoming, stop) => routeForm(form, incoming, (body) => readForm(body, pace, stop)),
      authenticate: withBucketRegion(createAuthenticate<ServedBucket>({ watch, pseudonyms })),
      preflight: respondToPreflight,
      answer: respondToBucketRequest,
      resolve: resolveUpload<ServedBucket>,
      authorize: createAuthorize<ServedBucket>(watch),
      upload: createHandlers(handlerOptions(upload, memory, pump)),
    },
    { pace, chunks: new ChunkCollector(), admission },
  );
}

function partMemory(upload: Config['upload']): PartMemory {
  return new PartMemory({
    limitBytes: upload.memory_limit,
    leastBytes: partSizeFor(upload.max_object_size, upload.part_size).leastBytes,
    waitMillis: upload.memory_wait_seconds * 1000,
    fairRate: upload.fair_rate,
  });
}

function handlerOptions(upload: Config['upload'], memory: PartMemory, pump: OpenPump | undefined): HandlerOptions {
  return {
    fairRate: upload.fair_rate,
    thresholdBytes: upload.multipart_threshold,
    partBytes: upload.part_size,
    concurrentParts: upload.concurrent_parts,
    maxObjectBytes: upload.max_object_size,
    maxPartBytes: upload.max_part_size,
    keepAliveMillis: upload.keep_alive_seconds * 1000,
    memory,
    pump,
  };
}
