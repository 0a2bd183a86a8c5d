/** The messages between the primary and its workers, over the channel of node:cluster. */
import type { Changes } from '../app/reload/changes.ts';
import type { Config } from '../config/config.ts';
import type { PlainFamily } from '../metrics/merged-metrics.ts';
import type { ProbeState } from '../server/probes.ts';
import type { ViewRequest } from '../view/remote-process.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly type: 'start';
  readonly config: Config;
  /** The directory that relative paths of the configuration start from. */
  readonly directory: string;
  /** The descriptor of the upload port in the primary, if a service manager has passed it. */
  readonly uploadSocket: number | undefined;
}

/** The method of a registry that reads its metrics. */
export type MetricsRead = 'collect' | 'current';

/** Requests of the primary, with their responses. Each gets one `response` or `problem` with the same id. */
export interface Requests {
  /** The values of the metrics: for a collection, or as they are now. */
  metrics: { readonly request: MetricsRead; readonly response: readonly PlainFamily[] };
  ready: { readonly request: undefined; readonly response: ProbeState };
  /** A part of the live view. */
  view: { readonly request: ViewRequest; readonly response: unknown };
  /** Opens a configuration next to the one in use. */
  prepare: { readonly request: Config; readonly response: Changes };
  /** Puts the prepared configuration in use. */
  use: { readonly request: undefined; readonly response: undefined };
  discard: { readonly request: undefined; readonly response: undefined };
}

export type RequestName = keyof Requests;

export interface Request {
  readonly type: 'request';
  readonly id: number;
  readonly name: RequestName;
  readonly value: unknown;
}

/** `close`: the shutdown of the gateway. `retire`: another worker has taken over the port. */
export type ToWorker = WorkerStart | Request | { readonly type: 'close' | 'retire' };

export type FromWorker =
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'response'; readonly id: number; readonly value: unknown }
  | { readonly type: 'problem'; readonly id: number; readonly message: string }
  /** The last values of the metrics, before the worker ends. */
  | { readonly type: 'last'; readonly metrics: readonly PlainFamily[] };
