/**
 * A response that is begun while its outcome is still unknown: status 200, the XML declaration, and spaces until the document
 * comes (Amazon S3 API Reference, "CompleteMultipartUpload"). White space before the declaration would not be XML.
 */
import type { ServerResponse } from 'node:http';
import type { Reply } from '../domain/stages.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export class EarlyReply {
  readonly #response: ServerResponse;
  readonly #draining: () => boolean;
  readonly #complete: (headers: Reply['headers']) => Reply;
  #hasBegun = false;

  /** @param complete adds what every response carries. */
  constructor(response: ServerResponse, draining: () => boolean, complete: (headers: Reply['headers']) => Reply) {
    this.#response = response;
    this.#draining = draining;
    this.#complete = complete;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  keepWaiting(headers: Reply['headers'] = {}): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#hasBegun) this.#begin(headers);
    // A client that reads nothing gets no more: it would be kept in memory.
    else if (!response.writableNeedDrain) response.write(' ');
  }

  /** @param body an XML document. */
  end(body: string): void {
    this.#response.end(body.replace(/^<\?xml[^>]*\?>\s*/, ''));
  }

  #begin(headers: Reply['headers']): void {
    this.#hasBegun = true;
    const { status, headers: all } = this.#complete({ ...headers, 'content-type': 'application/xml' });
    const list = Object.entries(all).flat();
    if (this.#draining()) list.push('connection', 'close');
    this.#response.writeHead(status, list);
    this.#response.write(DECLARATION);
  }
}
