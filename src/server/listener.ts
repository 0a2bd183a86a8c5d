/**
 * The upload port: accepts connections, dispatches requests, responds to health probes, and drains on shutdown. It does not
 * limit the duration of bodies: their readers abort stalled ones.
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
import { type KnownLine, knownLine, lineOf } from './request-line.ts';
import { newRequestId, type ServeOptions, serveRequest } from './serve-request.ts';
import { type ConnectionLimits, type EdgeOptions, openUploadPort, type UploadPort } from './upload-port.ts';
import { hasBody } from './write-reply.ts';

const KEEP_ALIVE = FIXED_LIMITS.idle_connection_seconds * 1000;
/** Milliseconds for requests to finish, including the cleanup of uploads, after their connections are closed. */
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
  /** The number of open connections. */
  readonly connections: number;
  /** Stops accepting, waits for requests in progress, and aborts the rest after the deadline. Can be called twice. */
  close(deadlineMillis: number): Promise<void>;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address is unavailable. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  let draining = false;
  let cutting = false;
  const upload = openUploadPort(options.edge, options.limits, {
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    requireHostHeader: false, // a request without Host is rejected later, with an S3 error and a trace
  });
  const { server, clientOf, turnOf } = upload;
  const serve: ServeOptions = { ...options, clientOf, draining: () => draining, cutting: () => cutting };
  const running = new UnderWay();
  const take = (waits: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    turnOf(request.socket).take(request, response, (arrival) => {
      // There is no body to wait for, but node:http closes the connection if 100 Continue is not sent.
      if (waits && !hasBody(request)) response.writeContinue();
      toOriginForm(request, options.isOwnHost);
      if (options.hostBucketOf(request.headers.host) === undefined && respondToProbe(request, response, draining))
        return;
      const body = new RequestBody(request, response, waits && hasBody(request));
      void running.watch(serveRequest(serve, request, response, body, arrival));
      return body;
    });
  server.on('request', take(false)).on('checkContinue', take(true)).on('checkExpectation', take(false));
  const refuse = (failure: Failure | undefined, socket: Duplex, line?: KnownLine): void => {
    const turn = turnOf(socket);
    // A complete request gets its response, whatever follows it.
    if (failure !== undefined && turn.isComplete) {
      turn.afterwards(() => refuse(failure, socket, line));
      return;
    }
    const { body } = turn;
    const disconnected = failure === undefined || (failure.type === 'client_aborted' && body !== undefined);
    if (disconnected || !socket.writable) socket.destroy();
    else if (body !== undefined) body.break(failure);
    else {
      const { begunAt } = turn;
      refuseConnection(failure, socket, { ...options, clientOf, begunAt, requestId: newRequestId() }, line);
    }
  };
  server.on('clientError', (error, socket) => {
    if (!turnOf(socket).isPause(error)) refuse(failureOfParser(error), socket, lineOf(error));
  });
  server.on('connect', ({ httpVersion }, socket) => {
    refuse(new Failure('method_not_allowed'), socket, knownLine('CONNECT', '', httpVersion));
  });
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

/** @param late is called at the deadline, before the remaining connections are destroyed. */
function drain(
  { server, closePending, destroyAll }: UploadPort,
  deadlineMillis: number,
  late: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      late();
      destroyAll();
    }, deadlineMillis);
    closePending();
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * Aborted requests still have to end their spans and write their log lines, and completions whose clients have disconnected wait
 * for the store. @param deadline as `performance.now()`.
 */
function reported(running: UnderWay, deadline: number): Promise<unknown> {
  const millis = Math.max(REPORT_MILLIS, deadline - performance.now());
  const timeout = new Promise((resolve) => setTimeout(resolve, millis).unref());
  return Promise.race([running.none(), timeout]);
}

/** `/health`: the process is running. `/ready`: it accepts uploads. Neither is traced or counted. */
function respondToProbe(request: IncomingMessage, response: ServerResponse, draining: boolean): boolean {
  if (request.url !== '/health' && request.url !== '/ready') return false;
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const ready = request.url === '/health' || !draining;
  const body = `{"status":"${ready ? 'ok' : 'draining'}"}\n`;
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
  return true;
}
