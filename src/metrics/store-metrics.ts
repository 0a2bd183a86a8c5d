/** The calls to the store of one bucket: a histogram of attempts, a counter of retries, and gauges of its connections. */
import { STATUS_CODES } from 'node:http';
import { OPERATIONS } from '../domain/operation.ts';
import type { StoreAttempt, StoreObserver } from '../domain/store-observer.ts';
import { type Registry, traceOf } from './registry.ts';

export interface StoreFigures {
  readonly endpoint: { readonly origin: string };
  readonly connections: { readonly used: number; readonly waiting: number; readonly idle: number };
}

/** Whether the status is registered: with all others, a store could create many series. */
const isRegistered = (status: number): boolean => Object.hasOwn(STATUS_CODES, status);

export function watchStoreCalls(registry: Registry, bucket: string): StoreObserver {
  return {
    attempted(attempt) {
      const { operation, resends, errorType = 'none', seconds, span } = attempt;
      const trace = traceOf(span);
      const labels = [bucket, operation, statusText(attempt.status), errorType];
      registry.observe('mizuchi_store_request_duration_seconds', labels, seconds, trace);
      if (resends > 0) registry.add('mizuchi_store_retries', [bucket, operation], 1, trace);
      if (registry.isExported)
        registry.observe('http.client.request.duration', clientAttributes(attempt), seconds, trace);
    },
    closed() {},
  };
}

/** @returns removes its series. */
export function watchStore(registry: Registry, bucket: string, store: StoreFigures): () => void {
  const info = [bucket, store.endpoint.origin];
  const stop = registry.onCollect(() => {
    const { used, waiting, idle } = store.connections;
    registry.set('mizuchi_store_info', info, 1);
    registry.set('mizuchi_store_connections_in_use', [bucket], used);
    registry.set('mizuchi_store_connections_idle', [bucket], idle);
    registry.set('mizuchi_store_connections_waiting', [bucket], waiting);
  });
  return () => {
    stop();
    registry.remove('mizuchi_store_info', info);
    for (const state of ['in_use', 'idle', 'waiting'] as const)
      registry.remove(`mizuchi_store_connections_${state}`, [bucket]);
  };
}

function statusText(status: number | undefined): string {
  if (status === undefined) return 'none';
  return isRegistered(status) ? String(status) : `${Math.floor(status / 100)}xx`;
}

/** OTel semantic conventions, "HTTP client metrics". */
function clientAttributes({ operation, server, status, errorType }: StoreAttempt): string[] {
  const { method } = OPERATIONS[operation];
  return [method, server.hostname, String(server.port), statusCode(status), errorType ?? ''];
}

function statusCode(status: number | undefined): string {
  return status !== undefined && isRegistered(status) ? String(status) : '';
}
