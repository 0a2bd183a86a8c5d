/** The response of one exchange with a store, as its headers and the pieces of its document arrive. */
import { oneValue } from './header-values.ts';
import { ResponseDocument } from './response-document.ts';
import type { StoreResponse } from './store-transport.ts';

export class ReceivedResponse {
  status = 0;
  readonly headers: Record<string, string> = {};
  readonly #document = new ResponseDocument();

  begin(status: number, headers: NodeJS.Dict<string | string[]>): void {
    this.status = status;
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.headers[name] = oneValue(name, value);
    }
  }

  /** @returns whether the bytes are white space ahead of the document. @throws Failure store_invalid_answer */
  add(bytes: Buffer): boolean {
    return this.#document.add(bytes, this.headers['content-encoding']);
  }

  /** @throws Failure store_invalid_answer */
  whole(): StoreResponse {
    return { status: this.status, headers: this.headers, body: this.#text() };
  }

  /** The headers of a response to HEAD describe the object, and there is no body to decode. */
  #text(): string {
    try {
      return this.#document.text(this.headers['content-encoding']);
    } catch (thrown) {
      if (this.status >= 300) return ''; // the status is enough
      throw thrown;
    }
  }
}
