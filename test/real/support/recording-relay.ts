/** A wire between clients and the gateway that keeps all that went over it: what clients really sent, and were really told. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export class RecordingRelay {
  /** A list for each connection. */
  readonly #sent: Buffer[][] = [];
  readonly #told: Buffer[][] = [];
  readonly #open = new Set<Socket>();
  readonly #server = createServer((client) => this.#take(client));
  readonly #behind: URL;

  private constructor(behind: string) {
    this.#behind = new URL(behind);
  }

  static async start(behind: string): Promise<RecordingRelay> {
    const relay = new RecordingRelay(behind);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All that clients sent, connection by connection, a character for each byte. */
  get sent(): string {
    return Buffer.concat(this.#sent.flat()).toString('latin1');
  }

  /** All that they were told. */
  get told(): string {
    return Buffer.concat(this.#told.flat()).toString('latin1');
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(client: Socket): void {
    const gateway = connect(Number(this.#behind.port), this.#behind.hostname);
    const [sent, told]: [Buffer[], Buffer[]] = [[], []];
    this.#sent.push(sent);
    this.#told.push(told);
    client.on('data', (bytes: Buffer) => sent.push(bytes)).pipe(gateway);
    gateway.on('data', (bytes: Buffer) => told.push(bytes)).pipe(client);
    // Whoever breaks off, breaks off both ways.
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      this.#open.add(socket);
      socket
        .on('error', () => {})
        .once('close', () => {
          this.#open.delete(socket);
          other.destroy();
        });
    }
  }
}
