/** What a collector can do, well or badly: at the level of its connections, of HTTP, and of gRPC. */
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultyServer } from '../../support/faulty-server.ts';
import { encodeMessage } from '../../support/otlp-messages.ts';
import {
  type AnswerCall,
  type GrpcAnswer,
  type HttpAnswer,
  receiveGrpc,
  receiveHttp,
} from '../../support/otlp-receiver.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { SERVER_CERTIFICATE, SERVER_KEY } from '../../support/test-authority.ts';
import type { Behaving, Behaviour } from './switchable-collector.ts';

export type Protocol = 'http/protobuf' | 'grpc';

/** By an authority that the gateway is told of, and by nobody. */
export const VOUCHED_FOR = { key: SERVER_KEY, cert: SERVER_CERTIFICATE };
export const SELF_SIGNED = { key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE };

export interface Taking {
  /** Milliseconds before each answer. */
  readonly afterMillis?: number;
  /** Of each export so many spans are not taken. */
  readonly allBut?: number;
  readonly tls?: typeof VOUCHED_FOR;
}

/** Takes what comes, and says so. */
export function takes(protocol: Protocol, taking: Taking = {}): Behaviour {
  return (port, took) => (protocol === 'grpc' ? takesOverGrpc : takesOverHttp)(taking, port, took);
}

async function takesOverHttp(
  { afterMillis = 0, allBut = 0, tls }: Taking,
  port: number,
  took: (spans: number) => void,
) {
  const answer: HttpAnswer = async (response, _, count) => {
    const spans = spansOf(receiver.exports[count - 1]!);
    if (afterMillis > 0) await sleep(afterMillis);
    const rejected = Math.min(spans, allBut);
    if (!response.destroyed) took(spans - rejected);
    response.setHeader('content-type', 'application/x-protobuf').end(rejecting(rejected));
  };
  const receiver = await receiveHttp(answer, port, tls);
  return receiver;
}

async function takesOverGrpc(
  { afterMillis = 0, allBut = 0, tls }: Taking,
  port: number,
  took: (spans: number) => void,
) {
  const answer: AnswerCall = async (count, stream) => {
    const spans = spansOf(receiver.exports[count - 1]!);
    if (afterMillis > 0) await sleep(afterMillis);
    const rejected = Math.min(spans, allBut);
    if (!stream.destroyed) took(spans - rejected);
    return { response: rejecting(rejected) };
  };
  const receiver = await receiveGrpc(answer, port, tls);
  return receiver;
}

const rejecting = (spans: number): Uint8Array =>
  spans === 0
    ? new Uint8Array()
    : encodeMessage('ExportTraceServiceResponse', { partialSuccess: { rejectedSpans: spans } });

const spansOf = ({ requests }: { readonly requests: readonly { readonly spans: readonly unknown[] }[] }): number =>
  requests.reduce((sum, { spans }) => sum + spans.length, 0);

/** Nobody listens. */
export const away: Behaviour = async (port) => ({ port, close: async () => {} });

/** Takes connections, and does this with each. */
export const connections =
  (behave: (socket: Socket) => void): Behaviour =>
  (port) =>
    faultyServer(behave, port);

/** Answers each export so. */
export const answers =
  (status: number, headers: Readonly<Record<string, string>> | (() => Record<string, string>) = {}): Behaviour =>
  (port) =>
    receiveHttp((response: ServerResponse) => {
      response.writeHead(status, typeof headers === 'function' ? headers() : headers).end('no\n');
    }, port);

/** Answers each call so. */
export const says =
  (answer: GrpcAnswer): Behaviour =>
  (port) =>
    receiveGrpc(() => answer, port);

/** Does this with each call, once it has been read. */
export const calls =
  (behave: (stream: ServerHttp2Stream) => void): Behaviour =>
  async (port) => {
    const { port: bound, close } = await receiveGrpc((_, stream) => void behave(stream), port);
    return { port: bound, close };
  };

/** Well, and away, and well again: each for so long. */
export const flaps =
  (well: Behaviour, millis: number): Behaviour =>
  async (port, took) => {
    let now: Behaving = await away(port, took);
    let isWell = false;
    let turning: Promise<unknown> = Promise.resolve();
    const turn = async (): Promise<void> => {
      await (now.finish ?? now.close)();
      isWell = !isWell;
      now = await (isWell ? well : away)(port, took);
    };
    const timer = setInterval(() => {
      turning = turning.then(turn);
    }, millis);
    const end = (how: 'finish' | 'close') => async () => {
      clearInterval(timer);
      await turning;
      await (now[how] ?? now.close)();
    };
    return { port, finish: end('finish'), close: end('close') };
  };
