/** Health probes for orchestrators and load balancers, the same on both ports. They are neither traced nor counted. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The state of a gateway, such as `ok`, `starting`, `draining` or `store unavailable`. */
export interface ProbeState {
  readonly status: string;
  /** Whether the response is 200; otherwise 503. */
  readonly isGood: boolean;
}

export interface Probes {
  /** Whether the gateway has its configuration and its ports. */
  startup(): ProbeState;
  /** Whether it should get new uploads. */
  ready(): ProbeState | Promise<ProbeState>;
}

/** The process is running. */
const ALIVE: ProbeState = { status: 'ok', isGood: true };

export function isProbe(path: string | undefined): boolean {
  return path === '/health' || path === '/startup' || path === '/ready';
}

/** @returns whether the request was a probe; it then has its response, or will have it. */
export function respondToProbe(probes: Probes, request: IncomingMessage, response: ServerResponse): boolean {
  const { method, url } = request;
  if (!isProbe(url) || (method !== 'GET' && method !== 'HEAD')) return false;
  const state = url === '/ready' ? probes.ready() : url === '/startup' ? probes.startup() : ALIVE;
  if (state instanceof Promise) state.then((found) => respond(response, found)).catch(() => response.destroy());
  else respond(response, state);
  return true;
}

function respond(response: ServerResponse, { status, isGood }: ProbeState): void {
  const body = `${JSON.stringify({ status })}\n`;
  response.writeHead(isGood ? 200 : 503, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
