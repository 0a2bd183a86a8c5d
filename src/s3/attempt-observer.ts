/** The facts of one exchange with a store on the span of the attempt. */
import { performance } from 'node:perf_hooks';
import { showConnectionIn } from '../domain/show-connection.ts';
import type { Span } from '../domain/span.ts';
import type { UsedConnection } from '../kit/used-connection.ts';
import type { ExchangeObserver } from './store-transport.ts';

const showConnection = showConnectionIn('s3');

export class AttemptObserver implements ExchangeObserver {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  connected(connection: UsedConnection, waitedSeconds: number | undefined): void {
    showConnection(this.#span, connection, waitedSeconds);
  }

  bodyBegun(at = performance.now()): void {
    this.#span.event('s3.first_byte_sent', at);
  }

  requestSent(at = performance.now()): void {
    this.#span.event('s3.last_byte_sent', at);
  }

  responseBegun(at = performance.now()): void {
    this.#span.event('s3.response_headers_received', at);
  }
}
