/**
 * A response that starts before its outcome is known: status 200, the XML declaration, and spaces until the document follows
 * (Amazon S3 API Reference, "CompleteMultipartUpload"). White space before the declaration would be invalid XML.
 */
import type { ServerResponse } from 'node:http';
import type { Reply } from '../domain/stages.ts';
import type { ServerPhase } from './server-phase.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export class EarlyReply {
  readonly #response: ServerResponse;
  readonly #phase: ServerPhase;
  readonly #complete: (headers: Reply['headers']) => Reply;
  #hasStarted = false;

  /** @param complete adds the headers of every response. */
  constructor(response: ServerResponse, phase: ServerPhase, complete: (headers: Reply['headers']) => Reply) {
    this.#response = response;
    this.#phase = phase;
    this.#complete = complete;
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  keepWaiting(headers: Reply['headers'] = {}): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#hasStarted) this.#start(headers);
    // If the client does not read, spaces would accumulate in memory.
    else if (!response.writableNeedDrain) response.write(' ');
  }

  /** @param body an XML document. */
  end(body: string): void {
    this.#response.end(body.replace(/^<\?xml[^>]*\?>\s*/, ''));
  }

  #start(headers: Reply['headers']): void {
    this.#hasStarted = true;
    const { status, headers: all } = this.#complete({ ...headers, 'content-type': 'application/xml' });
    const list = Object.entries(all).flat();
    if (this.#phase.closesConnections) list.push('connection', 'close');
    this.#response.writeHead(status, list);
    this.#response.write(DECLARATION);
  }
}
