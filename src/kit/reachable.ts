/** Whether a server responds, for readiness: any response to a request without credentials, but an error of the server. */
import { Agent, buildConnector } from 'undici';
import { namingFailures } from './connection-error.ts';

/** Bytes of a response, which is dropped. */
const MAX_RESPONSE = 64 * 1024;

export class Reachable {
  readonly #url: string;
  readonly #ca: string | undefined;
  /** Its own connection: those of the requests may all be in use. Created by the first check. */
  #agent: Agent | undefined;

  /** @param ca PEM of the authorities to trust instead of the public ones. */
  constructor(url: string, ca?: string) {
    this.#url = url;
    this.#ca = ca;
  }

  /** @throws Error if there is no response in time, or one with a status of 500 or more. */
  async check(signal: AbortSignal): Promise<void> {
    const ca = this.#ca === undefined ? {} : { ca: this.#ca };
    this.#agent ??= new Agent({
      connect: namingFailures(buildConnector({ allowH2: false, ...ca })),
      connections: 1,
      maxResponseSize: MAX_RESPONSE,
    });
    const { statusCode, body } = await this.#agent.request({
      origin: new URL(this.#url).origin,
      path: '/',
      method: 'GET',
      signal,
    });
    await body.dump();
    if (statusCode >= 500) throw new Error(`status ${statusCode}`);
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }
}
