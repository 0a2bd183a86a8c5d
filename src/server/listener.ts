/**
 * The upload port: accepts connections, dispatches requests, responds to health probes, and drains on shutdown. It does not
 * limit the duration of bodies: their readers abort stalled ones.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../domain/failure.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { UnderWay } from '../kit/under-way.ts';
import { type IsOwnHost, toOriginForm } from './absolute-form.ts';
import { type Probes, respondToProbe } from './probes.ts';
import { failureOfParser, refuseConnection } from './refuse-connection.ts';
import { RequestBody } from './request-body.ts';
import { newRequestId } from './request-id.ts';
import { type KnownLine, knownLine, lineOf } from './request-line.ts';
import { type ServeOptions, serveRequest } from './serve-request.ts';
import { type ConnectionLimits, type EdgeOptions, openUploadPort, type UploadPort } from './upload-port.ts';
import { hasBody } from './write-reply.ts';

const KEEP_ALIVE = FIXED_LIMITS.idle_connection_seconds * 1000;
/** Milliseconds for requests to finish, including the cleanup of uploads, after their connections are closed. */
const REPORT_MILLIS = 3_000;
/** Milliseconds for the first request of connections that were accepted last. */
const FIRST_REQUEST_MILLIS = 1_000;

/** What requests are served with. A reload of the configuration replaces it. */
export interface Served extends Pick<ServeOptions, 'gateway' | 'report' | 'hostBucketOf' | 'idleMillis'> {
  readonly isOwnHost: IsOwnHost;
}

export interface ListenerOptions extends Served, Pick<ServeOptions, 'tracer' | 'phase'> {
  readonly edge: EdgeOptions;
  readonly probes: Probes;
  readonly limits: ConnectionLimits;
  readonly host: string;
  readonly port: number;
  /** The descriptor of a TCP socket that already listens, instead of host and port. */
  readonly socket?: number | undefined;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** The number of open connections. */
  readonly connections: number;
  /** Serves new requests with this. Resolves when the requests that the previous one serves have ended. */
  use(served: Served): Promise<void>;
  /**
   * Stops accepting connections. Open connections are served until their clients close them or they are idle, and each response closes
   * its connection. Another process accepts on the same port.
   */
  retire(): Promise<void>;
  /** Stops accepting, waits for requests in progress, and aborts the rest after the deadline. Can be called twice. */
  close(deadlineMillis: number): Promise<void>;
}

/** @throws Error (EADDRINUSE, EACCES …) if the address is unavailable. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { phase, probes } = options;
  const upload = openUploadPort(options.edge, options.limits, {
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    requireHostHeader: false, // a request without Host is rejected later, with an S3 error and a trace
  });
  const { server, clientOf, turnOf } = upload;
  const { tracer } = options;
  let current = serving({ ...options, clientOf });
  const all = new UnderWay();
  const take = (waits: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    turnOf(request.socket).take(request, response, (arrival) => {
      // There is no body to wait for, but node:http closes the connection if 100 Continue is not sent.
      if (waits && !hasBody(request)) response.writeContinue();
      const { serve, running } = current;
      toOriginForm(request, serve.isOwnHost);
      if (serve.hostBucketOf(request.headers.host) === undefined && respondToProbe(probes, request, response)) return;
      const body = new RequestBody(request, response, waits && hasBody(request));
      void all.watch(running.watch(serveRequest(serve, request, response, body, arrival)));
      return body;
    });
  server.on('request', take(false)).on('checkContinue', take(true)).on('checkExpectation', take(false));
  const refuse = (failure: Failure | undefined, socket: Duplex, line?: KnownLine, failedAt?: number): void => {
    const turn = turnOf(socket);
    // A complete request gets its response, whatever follows it.
    if (failure !== undefined && turn.isComplete) {
      const now = performance.now();
      turn.afterwards(() => refuse(failure, socket, line, now));
      return;
    }
    const { body } = turn;
    const disconnected = failure === undefined || (failure.type === 'client_aborted' && body !== undefined);
    if (disconnected || !socket.writable) socket.destroy();
    else if (body !== undefined) body.break(failure);
    else {
      const { begunAt } = turn;
      refuseConnection(failure, socket, { ...current.serve, begunAt, failedAt, requestId: newRequestId() }, line);
    }
  };
  server.on('clientError', (error, socket) => {
    if (!turnOf(socket).isPause(error)) refuse(failureOfParser(error), socket, lineOf(error));
  });
  server.on('connect', ({ url = '', httpVersion }, socket) => {
    refuse(new Failure('method_not_allowed'), socket, knownLine('CONNECT', url, httpVersion));
  });
  const { address, port } = await bind(server, options);
  phase.enter('serving');
  let closed: Promise<unknown> | undefined;
  return {
    host: address,
    port,
    get connections() {
      return upload.connections;
    },
    async use(served) {
      const { running } = current;
      current = serving({ ...served, tracer, phase, clientOf });
      await running.none();
    },
    retire() {
      phase.enter('leaving');
      return stopAccepting(server);
    },
    async close(deadlineMillis) {
      const deadline = performance.now() + deadlineMillis;
      if (options.socket !== undefined) await firstRequests(server, deadlineMillis);
      phase.enter('draining');
      closed ??= drain(upload, Math.max(0, deadline - performance.now()), () => phase.enter('cutting')).then(() =>
        reported(all, deadline),
      );
      await closed;
    },
  };
}

interface Serving {
  readonly serve: ServeOptions & Served;
  /** The requests that are served with it. */
  readonly running: UnderWay;
}

const serving = (serve: ServeOptions & Served): Serving => ({ serve, running: new UnderWay() });

type Address = Pick<ListenerOptions, 'host' | 'port' | 'socket'>;

function bind(server: Server, { host, port, socket }: Address): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket === undefined ? { host, port } : { fd: socket }, () => {
      server.off('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address);
      else server.close(() => reject(new Error('the passed socket is not a TCP socket; use a port in ListenStream=')));
    });
  });
}

/**
 * Resolves when all connections have ended. It is not the `close` of node:http, which would close idle connections: a client may just
 * be sending on one.
 */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
}

/**
 * Stops accepting, and still serves for a moment. The service manager holds the socket, and keeps new connections for the next
 * process. The last ones of this process may not have sent a request yet.
 */
async function firstRequests(server: Server, deadlineMillis: number): Promise<void> {
  const timeout = delay(Math.min(FIRST_REQUEST_MILLIS, deadlineMillis), undefined, { ref: false });
  await Promise.race([stopAccepting(server), timeout]);
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
