/** What is no answer to a call: bad behaviour over HTTP/2 (gRPC over HTTP2, "Responses"). */
import { constants, type ServerHttp2Stream } from 'node:http2';

const HEAD = { ':status': 200, 'content-type': 'application/grpc+proto' };
const EMPTY_MESSAGE = Buffer.alloc(5);
const FLOOD = 400 * 1024 ** 2;
const PIECE = Buffer.alloc(64 * 1024, 'x');

/** The message comes, and the status does not. */
export function omitTrailers(stream: ServerHttp2Stream): void {
  stream.respond(HEAD);
  stream.end(EMPTY_MESSAGE);
}

export function resetCall(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

export function goAway({ session }: ServerHttp2Stream): void {
  session?.goaway(constants.NGHTTP2_NO_ERROR);
  session?.destroy();
}

/** A message of 1 MB, byte by byte. */
export function trickleCall(stream: ServerHttp2Stream): void {
  stream.respond(HEAD);
  stream.write(messageHead(1_000_000));
  const timer = setInterval(() => stream.write('x'), 20);
  stream.once('close', () => clearInterval(timer));
}

/** A message of 400 MB, as fast as it is read. */
export function floodCall(stream: ServerHttp2Stream): void {
  stream.respond(HEAD);
  stream.write(messageHead(FLOOD));
  let left = FLOOD / PIECE.length;
  const send = (): void => {
    while (!stream.destroyed && left-- > 0) if (!stream.write(PIECE)) return;
  };
  stream.on('drain', send);
  send();
}

function messageHead(length: number): Buffer {
  const head = Buffer.alloc(EMPTY_MESSAGE.length);
  head.writeUInt32BE(length, 1);
  return head;
}
