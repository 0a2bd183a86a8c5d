/** Serves one request: parses it, verifies it, and responds. */
import { receivedHeaders } from '../../domain/received-headers.ts';
import { type KnownKey, type Verified, verifyRequest } from '../../sigv4/verify.ts';
import { bodyPromises } from './body-promises.ts';
import type { Call, StoreFiles } from './call.ts';
import { disturb, disturbBody, disturbReply, preventsOperation } from './disturb.ts';
import { ConnectionClosed, type Exchange } from './exchange.ts';
import type { Fault, FaultPlan } from './faults.ts';
import { refuseUnknownHeaders } from './object-headers.ts';
import { type FoundOperation, findOperation, STORE_OPERATIONS } from './operations.ts';
import { receiveBody } from './receive-body.ts';
import { closeReply, emptyReply, type Reply } from './reply.ts';
import { parseHead, type RequestHead } from './request-head.ts';
import { asErrorAnswer, S3Error, ThrownAnswer } from './s3-error.ts';
import { writeError, writeHalf, writeReply } from './write-reply.ts';

export interface ServingContext {
  readonly files: StoreFiles;
  readonly findKey: (accessKey: string) => KnownKey | undefined;
  readonly faults: FaultPlan;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Connections to reset at their next request. */
  readonly stale: WeakSet<object>;
}

/** Maximum document size in bytes: more than 10,000 parts with checksums need. */
const MAX_DOCUMENT = 2 * 1024 * 1024;

/** Serves one request to its end. Never throws. */
export async function serveRequest(exchange: Exchange, context: ServingContext): Promise<void> {
  try {
    if (context.stale.has(exchange.request.socket)) exchange.reset();
    await answerRequest(exchange, context);
  } catch (thrown) {
    await answerError(exchange, thrown);
  }
}

async function answerRequest(exchange: Exchange, context: ServingContext): Promise<void> {
  const { method = '', url = '', rawHeaders } = exchange.request;
  const head = parseHead(method, url, rawHeaders);
  const verified = verifySignature(head, context);
  const found = findOperation(head);
  exchange.record.operation = found.name;
  refuseUnknownHeaders(head.headers);
  if (found.name !== 'CreateBucket' && !(await context.files.objects.hasBucket(head.bucket))) {
    throw new S3Error('NoSuchBucket');
  }
  const fault = context.faults.take(faultTarget(head, found));
  await disturb(fault, 'head', exchange);
  const reply = disturbReply(fault, await runOperation(exchange, context, head, verified, found, fault), exchange);
  try {
    await disturb(fault, 'answer', exchange);
    if (fault?.kind === 'stale-connection') context.stale.add(exchange.request.socket);
    if (fault?.kind === 'half-answer') writeHalf(exchange, reply);
    else await writeReply(exchange, reply);
  } finally {
    await closeReply(reply);
  }
}

function verifySignature(head: RequestHead, context: ServingContext): Verified {
  const verdict = verifyRequest(
    { ...head, received: receivedHeaders(head.rawHeaders) },
    context.findKey,
    context.now(),
  );
  if (!verdict.accepted) throw new ThrownAnswer({ ...verdict, headers: {} });
  return verdict;
}

function faultTarget({ key }: RequestHead, { name, parameters }: FoundOperation) {
  const part = parameters.get('partNumber');
  return { operation: name, key, partNumber: part === undefined ? undefined : Number(part) };
}

async function runOperation(
  exchange: Exchange,
  context: ServingContext,
  head: RequestHead,
  verified: Verified,
  { name, parameters }: FoundOperation,
  fault: Fault | undefined,
): Promise<Reply> {
  const promises = bodyPromises(head, verified, name !== 'CompleteMultipartUpload');
  const receive: Call['receive'] = (write) => receiveBody(disturbBody(fault, exchange), promises, write);
  const document = () => collect(receive);
  const { files, now } = context;
  const { takesBody, handler } = STORE_OPERATIONS[name];
  if (!takesBody) await receive(refuseBytes);
  if (preventsOperation(fault)) {
    if (takesBody) await receive(async () => {});
    return emptyReply(200);
  }
  return handler({ head, parameters, files, now, promises, receive, document });
}

async function refuseBytes(): Promise<void> {
  throw new S3Error('InvalidRequest', 'This operation does not accept a body.');
}

async function collect(receive: Call['receive']): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  await receive(async (bytes) => {
    size += bytes.length;
    if (size > MAX_DOCUMENT) throw new S3Error('MaxMessageLengthExceeded');
    pieces.push(bytes);
  });
  return Buffer.concat(pieces);
}

async function answerError(exchange: Exchange, thrown: unknown): Promise<void> {
  const { request, response } = exchange;
  if (thrown instanceof ConnectionClosed || request.socket.destroyed || response.headersSent) {
    request.socket.destroy();
    return;
  }
  await writeError(exchange, asErrorAnswer(thrown));
}
