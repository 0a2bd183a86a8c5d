/**
 * Internals of node:http on a connection whose body someone else reads: stops its reading, and moves the parser past bytes that it
 * has not seen. Written for Node.js 26; `canSkipBodies` verifies them at start. docs/decisions/turns.md lists them.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

/** Where the parser has its callback for the bytes of a body (`HTTPParser.kOnBody`). */
const ON_BODY = 3;
/** Bytes that the parser skips at once. It only counts them; the system never provides the memory. */
const NOTHING = Buffer.alloc(4 * 1024 * 1024);

interface Parser {
  [ON_BODY]: ((bytes: Buffer) => void) | null;
  /** @returns the number of parsed bytes, or the error. */
  execute(bytes: Buffer): number | Error;
}

interface Handle {
  readonly fd?: number;
  reading?: boolean;
  readStop?(): number;
}

/** A connection of node:http. `parser` is null after node:http has detached it. */
type Connection = Duplex & { readonly parser?: Parser | null; readonly _handle?: Handle | null };

/** Whether the parser of the connection is the known one, and the connection has a descriptor. */
export function canSkipBody(connection: Connection): boolean {
  const fd = connection._handle?.fd;
  return fd !== undefined && fd >= 0 && isKnown(connection.parser);
}

function isKnown(parser: Parser | null | undefined): parser is Parser {
  return typeof parser?.execute === 'function' && parser[ON_BODY]?.name === 'parserOnBody';
}

/**
 * Stops reading the connection, also if something resumes its stream. `resume` is emitted late, and node:http then starts reading even
 * if the stream has been paused since.
 * @returns a function that permits reading again.
 */
export function stopReading(connection: Connection): () => void {
  const stop = (): void => {
    connection.pause();
    const handle = connection._handle;
    if (!handle?.reading) return;
    handle.reading = false;
    handle.readStop?.();
  };
  connection.on('resume', stop);
  stop();
  return () => void connection.off('resume', stop);
}

/** Moves the parser past bytes of the body. @returns whether it is exactly there; otherwise the connection cannot be used further. */
export function skipBody({ parser }: Connection, bytes: number): boolean {
  if (!isKnown(parser)) return bytes === 0;
  const onBody = parser[ON_BODY];
  parser[ON_BODY] = null;
  try {
    for (let left = bytes; left > 0; left -= NOTHING.length) {
      const piece = NOTHING.subarray(0, Math.min(left, NOTHING.length));
      if (parser.execute(piece) !== piece.length) return false;
    }
    return true;
  } finally {
    parser[ON_BODY] = onBody;
  }
}

/** Tries it with two requests on a connection in memory. */
export function canSkipBodies(): boolean {
  const requests: IncomingMessage[] = [];
  const connection: Connection = new Duplex({ read() {}, write: (_, __, done) => done() });
  createServer((request) => void requests.push(request)).emit('connection', connection);
  try {
    if (!isKnown(connection.parser)) return false;
    const { parser } = connection;
    parser.execute(Buffer.from('PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5000002\r\n\r\nab'));
    const isAt = skipBody(connection, 5_000_000);
    const isComplete = requests[0]?.complete === true && requests[0].readableLength === 2;
    parser.execute(Buffer.from('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n'));
    return isAt && isComplete && requests[1]?.url === '/2';
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
