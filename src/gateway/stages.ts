/** The stages of a request, as the gateway is handed them: it knows their order, not what they do. */
import { TransferClock } from '../body/transfer-clock.ts';
import type { AuthMethod } from '../domain/identity.ts';
import type { OperationName } from '../domain/operation.ts';
import type { Pace } from '../domain/pace.ts';
import type { Span } from '../domain/span.ts';
import type {
  Asking,
  Authenticated,
  Authorized,
  Bucket,
  Incoming,
  Reply,
  Resolved,
  Routed,
  Uploading,
} from '../domain/stages.ts';

export interface Stages<B extends Bucket> {
  route(incoming: Incoming): Routed<B>;
  /** Whether the body may be a form that says what is asked for. */
  isForm(incoming: Incoming): boolean;
  /** Reads the form up to its file. @param stop ends this with its reason. */
  routeForm(incoming: Incoming, stop: AbortSignal): Promise<Routed<B>>;
  /** What browsers ask before they upload. */
  preflight(request: Routed<B>): Reply;
  authenticate(request: Routed<B>): Authenticated<B> | Promise<Authenticated<B>>;
  /** What clients ask beside uploading. */
  answer(request: Asking<B>): Reply;
  resolve(request: Uploading<B>): Resolved<B>;
  authorize(request: Resolved<B>): Authorized<B> | Promise<Authorized<B>>;
  readonly upload: Readonly<Record<OperationName, (request: Authorized<B>, scope: Scope) => Promise<Reply>>>;
}

export interface Scope {
  readonly span: Span;
  readonly transfer: TransferClock;
  /** How slow the client may be. */
  readonly pace: Pace;
  /** Told of object bytes that were handed on, so that their memory is freed. */
  readonly chunks: Chunks;
}

export interface Chunks {
  passed(bytes: number): void;
}

/** What is the same for all requests. */
export interface Settings extends Pick<Scope, 'pace' | 'chunks'> {
  /** One more request than so many under way at once is refused. */
  readonly concurrentUploads: number;
}

/** What is known of a request when it is over; filled in as it goes, reported once. */
export interface RequestRecord {
  /** As `performance.now()`. */
  readonly startedAt: number;
  readonly transfer: TransferClock;
  routed: Routed | undefined;
  authMethod: AuthMethod | undefined;
}

export function newRecord(): RequestRecord {
  return { startedAt: performance.now(), transfer: new TransferClock(), routed: undefined, authMethod: undefined };
}
