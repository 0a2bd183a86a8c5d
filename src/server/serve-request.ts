/**
 * Serves one request from its first byte to its last: opens the SERVER span, calls the gateway, writes the response and
 * reports the outcome.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation, type CancelSignal } from '../domain/cancellation.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { Attributes, RequestTracer, Span } from '../domain/span.ts';
import type { Incoming, Reply } from '../domain/stages.ts';
import { whyUnwanted } from '../domain/while-wanted.ts';
import type { Gateway, RoutedHandler } from '../gateway/gateway.ts';
import type { Report } from '../gateway/report.ts';
import { methodAttributes } from '../kit/http-method.ts';
import { type Arrival, showArrival } from './arrival.ts';
import { EarlyReply } from './early-reply.ts';
import { errorReply } from './error-reply.ts';
import type { Client } from './forwarded.ts';
import type { RequestBody } from './request-body.ts';
import { type RequestHead, readHead } from './request-head.ts';
import { newRequestId } from './request-id.ts';
import { pathOf, queryOf } from './request-line.ts';
import { addressed } from './server-address.ts';
import type { ServerPhase } from './server-phase.ts';
import { serverTiming } from './server-timing.ts';
import type { ClientOf } from './upload-port.ts';
import type { HostBucketOf } from './virtual-hosts.ts';
import { writeReply } from './write-reply.ts';

export interface ServeOptions {
  readonly gateway: Gateway;
  readonly tracer: RequestTracer;
  readonly report: Report;
  readonly clientOf: ClientOf;
  readonly hostBucketOf: HostBucketOf;
  /** Timeout for a stalled client, in milliseconds. */
  readonly idleMillis: number;
  readonly phase: ServerPhase;
}

/** Never rejects. */
export async function serveRequest(
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  body: RequestBody,
  arrival: Arrival,
): Promise<void> {
  const { startedAt } = arrival;
  const record = options.report.begin(startedAt);
  const requestId = newRequestId();
  const client = options.clientOf(request.socket, request.headers);
  const clientAddress = client.address;
  const method = request.method ?? '';
  const path = pathOf(request.url);
  const routed = route(request, options);
  const handler = routed instanceof Failure ? undefined : routed.handler;
  const attributes: Attributes = { ...attributesOf(request, path, client), 'mizuchi.request_id': requestId };
  const span = options.tracer.startRequest(request.rawHeaders, attributes, handler?.samplingHints, startedAt);
  showArrival(span, arrival);
  record.requestId = requestId;
  record.span = span;
  const complete = (reply: Reply): Reply => withIds(reply, requestId, span, handler?.corsHeaders);
  const early = new EarlyReply(response, options.phase, (headers) => complete({ status: 200, headers, body: '' }));
  let failure: Failure | undefined;
  let reply: Reply;
  let gone: CancelSignal | undefined;
  try {
    if (options.phase.refuses) throw new Failure('shutting_down');
    if (routed instanceof Failure) throw routed;
    gone = goneSignal(request, response, body, options.phase);
    const incoming = incomingOf(routed.head, request, requestId, client, span, body, early, gone);
    reply = await routed.handler.handle(incoming, record);
  } catch (thrown) {
    failure = asFailure(thrown);
    reply = errorReply(failure, path, requestId, span.traceId);
  }
  record.stage = 'response';
  const close = options.phase.closesConnections || failure?.shape.closesConnection === true;
  const writing = writeReply(request, response, complete(reply), {
    close,
    early,
    brief: close || body.silent,
    idleMillis: options.idleMillis,
  });
  // Writing fails only for a store response that is invalid in HTTP.
  const unanswered = await writing.then(
    (answered) => (answered ? undefined : undelivered(failure, reply, wasCut(gone, options.phase))),
    asFailure,
  );
  if (unanswered?.type === 'internal_error') response.destroy();
  failure ??= unanswered;
  if (body.continuedAt !== undefined) span.event('upload.continue_sent', body.continuedAt);
  const status = unanswered === undefined ? (early.hasStarted ? 200 : reply.status) : undefined;
  const query = attributes['url.query'] as string | undefined;
  const storeRequestId = reply.headers['x-amz-request-id'];
  const ids = { requestId, storeRequestId, attributes };
  options.report.finish({ ...ids, method, path, query, clientAddress, status, failure, span, record });
}

function disconnected(isComplete: boolean): Failure {
  return new Failure(
    'client_aborted',
    isComplete ? 'The client closed the connection before it got the response.' : undefined,
  );
}

/** Whether the gateway closed the connection. A client may have left before, also if the outcome of its request is known later. */
function wasCut(gone: CancelSignal | undefined, phase: ServerPhase): boolean {
  return gone?.aborted === true ? whyUnwanted(gone).type === 'shutting_down' : phase.aborts;
}

/** The client did not receive the response. The failure records whether the request itself succeeded. */
function undelivered(failure: Failure | undefined, { status }: Reply, cut: boolean): Failure {
  const type = cut ? 'shutting_down' : 'client_aborted';
  if (failure !== undefined || status >= 300) return cut ? new Failure(type) : disconnected(true);
  const end = 'the connection before it got the response; the request itself succeeded.';
  const message = cut ? `The gateway closed ${end.replace('it', 'the client')}` : `The client closed ${end}`;
  return new Failure(type, message, { reason: 'succeeded_unheard' });
}

/** A refusal is reported after the span is open, so that the request has a trace. */
function route(
  request: IncomingMessage,
  { gateway, hostBucketOf }: ServeOptions,
): { readonly head: RequestHead; readonly handler: RoutedHandler } | Failure {
  try {
    const head = readHead(request, hostBucketOf);
    const { target, query, headers } = head;
    return { head, handler: gateway.route({ ...target, method: request.method ?? '', query, headers }) };
  } catch (thrown) {
    return asFailure(thrown);
  }
}

/** Aborts with a Failure if the connection ends before the response: shutting_down if the gateway closed it, otherwise client_aborted. */
function goneSignal(
  request: IncomingMessage,
  response: ServerResponse,
  body: RequestBody,
  phase: ServerPhase,
): CancelSignal {
  const gone = new Cancellation();
  response.once('close', () => {
    if (response.writableFinished) return;
    const failure = phase.aborts ? new Failure('shutting_down') : disconnected(request.complete);
    gone.abort(failure);
    // node:http only reports to the reader of the body that the connection has ended.
    if (phase.aborts && !request.complete) body.break(failure);
  });
  return gone;
}

function incomingOf(
  { target, query, headers, received, bodyLength }: RequestHead,
  request: IncomingMessage,
  id: string,
  { address: clientAddress, scheme }: Client,
  span: Span,
  body: RequestBody,
  early: EarlyReply,
  signal: CancelSignal,
): Incoming {
  body.length = bodyLength;
  const method = request.method ?? '';
  const keepWaiting: Incoming['keepWaiting'] = (further) => early.keepWaiting(further);
  return { ...target, id, method, query, headers, received, clientAddress, scheme, body, signal, span, keepWaiting };
}

/** The attributes for samplers, known before routing (OTel semantic conventions, HTTP server spans). */
function attributesOf(request: IncomingMessage, path: string, client: Client): Attributes {
  const { headers, socket } = request;
  const length = Number(headers['content-length'] ?? Number.NaN);
  return {
    ...methodAttributes(request.method),
    'url.scheme': client.scheme,
    'url.path': path,
    'url.query': queryOf(request.url),
    ...addressed(headers.host, client.scheme, socket),
    'client.address': client.address,
    'network.peer.address': socket.remoteAddress,
    'network.peer.port': socket.remotePort,
    'network.protocol.version': request.httpVersion,
    'user_agent.original': headers['user-agent'],
    'http.request.body.size': Number.isSafeInteger(length) ? length : undefined,
  };
}

/** The headers of every response. A request ID from the store is kept, because the operator of the store can find it. */
function withIds(reply: Reply, requestId: string, span: Span, cors: Reply['headers'] | undefined): Reply {
  const headers: Record<string, string> = { ...reply.headers, ...cors };
  headers['x-amz-request-id'] ??= requestId;
  const timing = serverTiming(span);
  if (timing !== undefined) headers['server-timing'] = timing;
  return { ...reply, headers };
}
