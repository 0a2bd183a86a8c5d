/** The body of one request: asked for when somebody wants it, and told to its reader when it breaks. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Failure } from '../domain/failure.ts';
import type { IncomingBody } from '../domain/stages.ts';

export class RequestBody implements IncomingBody {
  length: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #waits: boolean;
  #opened = false;
  #broken: Failure | undefined;

  /** @param waits whether the client waits for `100 Continue` before it sends. */
  constructor(request: IncomingMessage, response: ServerResponse, waits: boolean) {
    this.#request = request;
    this.#response = response;
    this.#waits = waits;
  }

  /** Whether nothing more is to be expected of it: the client still waits to be asked, or its bytes are no HTTP. */
  get silent(): boolean {
    return this.#broken !== undefined || (this.#waits && !this.#opened);
  }

  open(): IncomingMessage {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#waits && !this.#opened) this.#response.writeContinue();
    this.#opened = true;
    return this.#request;
  }

  /** The parser gave up in the middle of it. Whoever reads, or will, is told why; after the answer nobody needs to know. */
  break(failure: Failure): void {
    this.#broken = failure;
    if (this.#response.headersSent) this.#request.socket.destroySoon();
    else if (this.#opened) this.#request.emit('error', failure);
  }
}
