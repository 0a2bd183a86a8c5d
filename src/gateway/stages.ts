/** The stages of a request: the gateway knows their order, not their work. */

import { performance } from 'node:perf_hooks';
import { TransferClock } from '../body/transfer-clock.ts';
import type { Outcome } from '../domain/failure.ts';
import type { AuthMethod } from '../domain/identity.ts';
import type { OperationName } from '../domain/operation.ts';
import type { Pace } from '../domain/pace.ts';
import type { FormDestination, Routable, Routing } from '../domain/routing.ts';
import type { SamplingHints, Span } from '../domain/span.ts';
import type {
  Authenticated,
  Authorized,
  Bucket,
  ForBucket,
  ForObject,
  Incoming,
  Reply,
  Resolved,
  Routed,
} from '../domain/stages.ts';
import type { Admission } from './admission.ts';

export interface Stages<B extends Bucket> {
  /** Never throws: a refusal is a part of the result. */
  route(request: Routable): Routing<B>;
  /** What a sampler may use of a request that is not authenticated yet; undefined for most. Must not throw. */
  samplingHints(routing: Routing<B>, request: Routable): SamplingHints | undefined;
  /** The headers that browsers need in every response; none for most. Must not throw. */
  corsHeaders(routing: Routing<B>, request: Routable): Reply['headers'];
  /** Reads the form up to its file. @param stop ends this with its reason. */
  routeForm(form: FormDestination<B>, incoming: Incoming, stop: AbortSignal): Promise<Routed<B>>;
  /** CORS preflight requests. */
  preflight(request: Routed<B>): Reply;
  authenticate(request: Routed<B>): Authenticated<B> | Promise<Authenticated<B>>;
  /** Requests about a bucket. */
  answer(request: ForBucket<B>): Reply;
  resolve(request: ForObject<B>): Resolved<B>;
  authorize(request: Resolved<B>): Authorized<B> | Promise<Authorized<B>>;
  readonly upload: Readonly<Record<OperationName, (request: Authorized<B>, scope: Scope) => Promise<Reply>>>;
}

export interface Scope {
  readonly span: Span;
  readonly transfer: TransferClock;
  /** The minimum rate and the idle timeout of the client. */
  readonly pace: Pace;
  /** Gets the object bytes that were passed on, so that their memory is freed. */
  readonly chunks: Chunks;
}

export interface Chunks {
  passed(bytes: number): void;
}

/** The settings that all requests share. */
export interface Settings extends Pick<Scope, 'pace' | 'chunks'> {
  readonly admission: Admission;
}

/** The facts about a request for its report: collected by the stages, reported once at the end. */
export interface RequestRecord {
  /** As `performance.now()`. */
  readonly startedAt: number;
  readonly transfer: TransferClock;
  routed: Routed | undefined;
  /** Of the attribute `http.route`. */
  httpRoute: string | undefined;
  /** The bucket and the operation that a request names which was not routed: for its span and its log line. */
  named: { readonly bucket: string | undefined; readonly operation: string | undefined } | undefined;
  authMethod: AuthMethod | undefined;
  /** The authenticated caller: for the memory of this process only. */
  subject: string | undefined;
  /** The stage that the request has reached. */
  stage: StageName;
  /** The gateway's own id of the request, and its SERVER span; undefined before it has one. */
  requestId: string | undefined;
  span: Span | undefined;
  /** Belongs to the live view. */
  live: unknown;
  /** Of an upload, at the store. */
  outcome: Outcome | undefined;
}

/** The stages in which a request can spend time. */
export type StageName = 'authentication' | 'form' | 'authorization' | 'upload' | 'response';

export function newRecord(startedAt: number = performance.now()): RequestRecord {
  return {
    startedAt,
    transfer: new TransferClock(),
    routed: undefined,
    httpRoute: undefined,
    named: undefined,
    authMethod: undefined,
    subject: undefined,
    stage: 'authentication',
    requestId: undefined,
    span: undefined,
    live: undefined,
    outcome: undefined,
  };
}
