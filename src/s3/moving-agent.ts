/**
 * Keep-alive connections of node:http for bodies that a pump moves. undici cannot hand out the connection of a request. The
 * connections are opened like those of undici, and reset instead of closed.
 */
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { buildConnector } from 'undici';

/** An idle connection is closed after this time, or earlier if the store announces it: that of undici. */
const IDLE_MILLIS = 4_000;

type Opened = (error: Error | null, connection: Duplex) => void;

export class MovingAgent extends Agent {
  readonly #connect: buildConnector.connector;
  readonly #connections: number;
  readonly #idleElsewhere: () => number;

  /**
   * @param connections most of them.
   * @param idleElsewhere idle connections of another pool to the same store. A connection stays open while the idle ones of both pools
   * are fewer than five quarters of `connections`. Together they exceed that only until the idle ones of undici close.
   */
  constructor(connect: buildConnector.connector, connections: number, idleElsewhere: () => number) {
    super({ keepAlive: true, maxSockets: connections, timeout: IDLE_MILLIS });
    this.#connect = connect;
    this.#connections = connections;
    this.#idleElsewhere = idleElsewhere;
  }

  get idleConnections(): number {
    let count = 0;
    for (const sockets of Object.values(this.freeSockets))
      count += sockets!.filter(({ destroyed }) => !destroyed).length;
    return count;
  }

  override createConnection({ host, port }: ClientRequestArgs, opened?: Opened): undefined {
    const hostname = host ?? '';
    this.#connect({ hostname, host: hostname, protocol: 'http:', port: String(port ?? '') }, (...[error, socket]) => {
      // The headers would delay a short body, which is written apart from them (Nagle's algorithm).
      if (error === null) opened?.(null, socket.setNoDelay(true));
      else opened?.(error, undefined as unknown as Duplex);
    });
  }

  override keepSocketAlive(socket: Socket): boolean {
    const idle = this.idleConnections + this.#idleElsewhere();
    return (
      idle < Math.ceil(this.#connections * 1.25) &&
      (super.keepSocketAlive as (socket: Socket) => boolean).call(this, socket)
    );
  }
}
