/** Calls over one session of HTTP/2. It is opened once: after a failure, another connection replaces it. */
import { type ClientHttp2Session, constants } from 'node:http2';
import { GrpcCall, type GrpcRequest, type GrpcResponse } from './grpc-call.ts';
import { type GrpcSessionOptions, openSession } from './grpc-session.ts';
import { connectionFailure } from './grpc-status.ts';

export interface GrpcConnectionOptions extends GrpcSessionOptions {
  /** Time between pings while calls run, in which each must be acknowledged. */
  readonly keepAliveMillis: number;
  /** The server rejects the number of pings. */
  readonly tooManyPings: () => void;
}

/** Data of a GOAWAY (gRPC, "A8: Client-side Keepalive"). */
const TOO_MANY_PINGS = 'too_many_pings';

export class GrpcConnection {
  readonly #options: GrpcConnectionOptions;
  readonly #end = new AbortController();
  readonly #session: Promise<ClientHttp2Session>;
  #opened: ClientHttp2Session | undefined;
  #calls = 0;
  #isUsable = true;

  /** @param closed called when the session has ended, or could not be opened. */
  constructor(options: GrpcConnectionOptions, closed: () => void) {
    this.#options = options;
    this.#session = openSession(options, this.#end.signal);
    const lost = (): void => {
      this.#isUsable = false;
      closed();
    };
    this.#session.then((session) => this.#watch(session.once('close', lost)), lost);
  }

  /** Whether it accepts another call. */
  get isUsable(): boolean {
    return this.#isUsable && this.#opened?.closed !== true;
  }

  /** Never rejects. @param timeoutMillis for the connection and the response together. */
  async call(request: GrpcRequest, timeoutMillis: number): Promise<GrpcResponse> {
    const call = new GrpcCall(request, timeoutMillis);
    this.#calls++;
    this.#session
      .then((session) => call.start(session))
      .catch((error) => call.finish(connectionFailure('no connection', error)));
    const response = await call.response;
    this.#calls--;
    if (!this.isUsable) this.retire();
    return response;
  }

  /** Accepts no more calls. Running calls end first. */
  retire(): void {
    this.#isUsable = false;
    if (this.#calls === 0) this.close();
  }

  /** Aborts the calls that run. */
  close(): void {
    this.#isUsable = false;
    this.#end.abort();
  }

  #watch(session: ClientHttp2Session): void {
    this.#opened = session;
    session.once('goaway', (code, _, data?: Buffer) => {
      const isAboutPings = code === constants.NGHTTP2_ENHANCE_YOUR_CALM && data?.toString() === TOO_MANY_PINGS;
      if (isAboutPings) this.#options.tooManyPings();
      this.retire();
    });
    this.#keepAlive(session);
  }

  /** Detects a connection that is lost without having been closed. */
  #keepAlive(session: ClientHttp2Session): void {
    let isAcknowledged = true;
    const timer = setInterval(() => {
      if (!isAcknowledged) session.destroy(new Error('a ping was not acknowledged'));
      else if (this.#calls > 0 && !session.destroyed) {
        isAcknowledged = false;
        session.ping(() => void (isAcknowledged = true));
      }
    }, this.#options.keepAliveMillis).unref();
    session.once('close', () => clearInterval(timer));
  }
}
