/** The body of one request: sends 100 Continue when it is opened, and reports errors of the parser to its reader. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { TakenBody } from '../domain/body-pump.ts';
import type { Failure } from '../domain/failure.ts';
import type { IncomingBody } from '../domain/stages.ts';
import { isTakeable, takeBody } from './take-body.ts';

export class RequestBody implements IncomingBody {
  length: number | undefined;
  /** When 100 Continue was sent, as `performance.now()`. */
  continuedAt: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #waits: boolean;
  #opened = false;
  #broken: Failure | undefined;

  /** @param waits whether the client waits for 100 Continue before it sends the body. */
  constructor(request: IncomingMessage, response: ServerResponse, waits: boolean) {
    this.#request = request;
    this.#response = response;
    this.#waits = waits;
  }

  /** Whether no more bytes will arrive: the client waits for 100 Continue, or sent invalid HTTP. */
  get silent(): boolean {
    return this.#broken !== undefined || (this.#waits && !this.#opened);
  }

  get connection(): Socket | undefined {
    return this.length !== undefined && isTakeable(this.#request) ? this.#request.socket : undefined;
  }

  open(): IncomingMessage {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#waits && !this.#opened) this.#continue();
    this.#opened = true;
    return this.#request;
  }

  async take(least: number): Promise<TakenBody | undefined> {
    const { length } = this;
    if (length === undefined || length < least || this.#broken !== undefined) return undefined;
    if (!isTakeable(this.#request)) return undefined;
    const request = this.#request;
    this.open();
    request.on('error', ignore); // it has no reader, and its failure aborts the signal of the request
    return takeBody(request, length, least, () => this.#broken !== undefined);
  }

  #continue(): void {
    this.continuedAt = performance.now();
    this.#response.writeContinue();
  }

  /** The parser failed within the body. Current and later readers get the failure, unless the response has been sent. */
  break(failure: Failure): void {
    this.#broken = failure;
    if (this.#response.headersSent) this.#request.socket.destroySoon();
    else if (this.#opened) this.#request.emit('error', failure);
  }
}

const ignore = (): void => {};
