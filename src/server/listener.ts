/**
 * The upload port: accepts connections, hands requests over, answers probes, and drains on shutdown. Nothing here limits
 * the time of a body that moves; what stands still is ended by whoever reads it.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { UnderWay } from '../kit/under-way.ts';
import { type IsOwnHost, toOriginForm } from './absolute-form.ts';
import { failureOfParser, refuseConnection } from './refuse-connection.ts';
import { RequestBody } from './request-body.ts';
import { newRequestId, type ServeOptions, serveRequest } from './serve-request.ts';
import { type ConnectionLimits, type EdgeOptions, openUploadPort, type UploadPort } from './upload-port.ts';
import { hasBody } from './write-reply.ts';

const KEEP_ALIVE = FIXED_LIMITS.idle_connection_seconds * 1000;
/** Milliseconds that requests may take to be over, their uploads undone, after their connections are closed. */
const REPORT_MILLIS = 3_000;

export interface ListenerOptions extends Omit<ServeOptions, 'draining' | 'cutting' | 'clientOf'> {
  readonly edge: EdgeOptions;
  readonly limits: ConnectionLimits;
  readonly isOwnHost: IsOwnHost;
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** How many are open. */
  readonly connections: number;
  /** Stops accepting, lets running requests finish, and cuts what is left after so many milliseconds. Safe twice. */
  close(deadlineMillis: number): Promise<void>;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address cannot be had. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  let draining = false;
  let cutting = false;
  const upload = openUploadPort(options.edge, options.limits, {
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    requireHostHeader: false, // a request without Host is refused like every other: with an S3 error and a trace
  });
  const { server, clientOf, turnOf } = upload;
  const serve: ServeOptions = { ...options, clientOf, draining: () => draining, cutting: () => cutting };
  const running = new UnderWay();
  const take = (waits: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    turnOf(request.socket).take(request, response, (waitedMillis) => {
      // There is nothing to wait for; but node:http closes the connection of a client that was not answered.
      if (waits && !hasBody(request)) response.writeContinue();
      toOriginForm(request, options.isOwnHost);
      if (options.hostBucketOf(request.headers.host) === undefined && answerProbe(request, response, draining)) return;
      const body = new RequestBody(request, response, waits && hasBody(request));
      void running.watch(serveRequest(serve, request, response, body, waitedMillis));
      return body;
    });
  server.on('request', take(false)).on('checkContinue', take(true)).on('checkExpectation', take(false));
  const refuse = (failure: Failure | undefined, socket: Duplex): void => {
    const turn = turnOf(socket);
    // A request that has come as a whole gets its answer, whatever comes behind it.
    if (failure !== undefined && turn.isAnswering) {
      turn.afterwards(() => refuse(failure, socket));
      return;
    }
    const { body } = turn;
    const gone = failure === undefined || (failure.type === 'client_aborted' && body !== undefined);
    if (gone || !socket.writable) socket.destroy();
    else if (body !== undefined) body.break(failure);
    else refuseConnection(failure, socket, { ...options, clientOf, requestId: newRequestId() });
  };
  server.on('clientError', (error, socket) => {
    if (!turnOf(socket).heldBack(error)) refuse(failureOfParser(error), socket);
  });
  server.on('connect', (_, socket) => refuse(new Failure('method_not_allowed'), socket));
  const { address, port } = await bind(server, options);
  let closed: Promise<unknown> | undefined;
  return {
    host: address,
    port,
    get connections() {
      return upload.connections;
    },
    async close(deadlineMillis) {
      draining = true;
      const deadline = performance.now() + deadlineMillis;
      closed ??= drain(upload, deadlineMillis, () => (cutting = true)).then(() => reported(running, deadline));
      await closed;
    },
  };
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** @param late is called when the time is over, before what is left is cut. */
function drain({ server, cutUnnamed, cutAll }: UploadPort, deadlineMillis: number, late: () => void): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      late();
      cutAll();
    }, deadlineMillis);
    cutUnnamed();
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

/**
 * Requests that were cut still have to end their spans and to write their lines, and completions whose clients have disconnected
 * wait for the store. @param deadline as `performance.now()`.
 */
function reported(running: UnderWay, deadline: number): Promise<unknown> {
  const millis = Math.max(REPORT_MILLIS, deadline - performance.now());
  const patience = new Promise((resolve) => setTimeout(resolve, millis).unref());
  return Promise.race([running.none(), patience]);
}

/** `/health`: the process lives. `/ready`: it takes uploads. Neither is traced or counted. */
function answerProbe(request: IncomingMessage, response: ServerResponse, draining: boolean): boolean {
  if (request.url !== '/health' && request.url !== '/ready') return false;
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const ready = request.url === '/health' || !draining;
  const body = `{"status":"${ready ? 'ok' : 'draining'}"}\n`;
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
  return true;
}
