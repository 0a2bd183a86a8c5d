/** Stands between the gateway and a real policy engine, and keeps what the engine was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export class RecordingEngine {
  /** The documents, parsed, in their order. */
  // biome-ignore lint/suspicious/noExplicitAny: documents whose members tests name
  readonly asked: any[] = [];
  readonly #server = createServer();
  readonly #behind: string;

  private constructor(behind: string) {
    this.#behind = behind;
  }

  static async start(behind: string): Promise<RecordingEngine> {
    const engine = new RecordingEngine(behind);
    engine.#server.on('request', async (request, response) => {
      const body = await text(request);
      engine.asked.push(JSON.parse(body));
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(engine.#behind + request.url, { method: 'POST', headers, body });
      response.writeHead(answer.status, headers).end(await answer.text());
    });
    await new Promise<void>((resolve) => engine.#server.listen(0, '127.0.0.1', resolve));
    return engine;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
