/**
 * The upstream calls: one operation on one bucket of one store, signed, traced and, where nothing can go wrong twice,
 * tried a second time. Holds the long-lived connection pool of its bucket.
 */
import { Pool } from 'undici';
import type { ChecksumName } from '../body/checksum.ts';
import { asFailure, type Failure } from '../domain/failure.ts';
import { OPERATIONS } from '../domain/operation.ts';
import type { Span } from '../domain/span.ts';
import type { Bucket } from '../domain/stages.ts';
import { whileWanted } from '../domain/while-wanted.ts';
import { UNCODED } from '../kit/decode-content.ts';
import { canonicalQuery, type Query } from '../sigv4/canonical-request.ts';
import { signRequest } from '../sigv4/sign-request.ts';
import { type CredentialsConfig, type CredentialsSource, credentialsSource } from './credentials.ts';
import { type Endpoint, type EndpointConfig, endpointOf } from './endpoint.ts';
import { type ExchangeRequest, exchange, type StoreAnswer } from './exchange.ts';
import type { HeaderRules } from './header-rules.ts';
import { delayBeforeRetry, pause } from './retry.ts';
import type { StoreCall } from './store-call.ts';
import { storeConnector } from './store-connector.ts';
import { failureOfAnswer } from './store-error.ts';
import { type Place, type PlaceRequest, StoreLine } from './store-line.ts';

/** A bucket of the configuration together with the way to its store. */
export interface StoreBucket extends Bucket {
  readonly store: StoreClient;
  /** Undefined where the allow-list is all. */
  readonly headerRules: HeaderRules | undefined;
  readonly checksums: StoreChecksums;
}

/** What a store is sent beyond what its clients send. */
export interface StoreChecksums {
  /** Added to objects about whose bytes the client promises nothing. */
  readonly added: ChecksumName | undefined;
  /** Takes the place of promises that parts cannot carry; undefined for a store that takes no checksums. */
  readonly own: ChecksumName | undefined;
  /** Whether it gets those of the clients; if not, all of them end in the gateway. */
  readonly passed: boolean;
}

export interface StoreConfig extends EndpointConfig, CredentialsConfig {
  /** Whether the store is sent `traceparent` and `tracestate`. */
  readonly propagate: boolean;
  readonly max_connections: number;
  readonly connect_timeout_seconds: number;
  readonly stall_timeout_seconds: number;
  readonly answer_timeout_seconds: number;
}

/** How requests reach a store. */
export interface StoreTransport {
  /** @throws Failure store_unreachable, store_reset, store_timeout, store_invalid_answer, or the reason of the body or the signal. */
  send(request: ExchangeRequest): Promise<StoreAnswer>;
  /** Closes the connections; those in use are reset. */
  close(): Promise<void>;
}

function poolTransport(config: StoreConfig, ca: string | undefined): StoreTransport {
  const pool = new Pool(endpointOf(config).origin, {
    connect: storeConnector(config.connect_timeout_seconds * 1000, ca),
    connections: config.max_connections,
    allowH2: false,
    pipelining: 1,
  });
  return { send: (request) => exchange(pool, request), close: () => pool.destroy() };
}

export class StoreClient {
  readonly endpoint: Endpoint;
  readonly #config: StoreConfig;
  readonly #transport: StoreTransport;
  readonly #line: StoreLine;
  readonly #credentials: CredentialsSource;

  private constructor(config: StoreConfig, credentials: CredentialsSource, transport: StoreTransport) {
    this.#config = config;
    this.#credentials = credentials;
    this.endpoint = endpointOf(config);
    this.#transport = transport;
    this.#line = new StoreLine(config.max_connections);
  }

  /** Connections that are in use, and calls that wait for one. */
  get connections(): { readonly used: number; readonly waiting: number } {
    return this.#line;
  }

  /**
   * @param ca PEM of the authorities to trust instead of the public ones.
   * @param transport over the network by default.
   * @throws Error if the provider chain of AWS finds no credentials.
   */
  static async open(config: StoreConfig, ca?: string, transport?: StoreTransport): Promise<StoreClient> {
    const credentials = await credentialsSource(config);
    await credentials();
    return new StoreClient(config, credentials, transport ?? poolTransport(config, ca));
  }

  /** Waits for a connection ahead of the call that will use it. @throws Failure overloaded, client_aborted. */
  enter(request: PlaceRequest): Promise<Place> {
    return this.#line.enter(request);
  }

  /**
   * @returns the store's answer, a successful one.
   * @throws Failure for everything else.
   */
  async call(call: StoreCall): Promise<StoreAnswer> {
    for (let resends = 0; ; resends++) {
      const ahead = resends === 0 ? call.place : undefined;
      const place = ahead ?? (await this.#line.enter(call));
      const span = this.#openSpan(call, resends, place);
      let wait: number | undefined;
      try {
        return await this.#attempt(call, span);
      } catch (thrown) {
        const failure = asFailure(thrown);
        span.fail(failure.type, failure.detail ?? failure.message);
        if (isUnanswered(failure)) call.onUnanswered?.();
        wait = delayBeforeRetry(call, failure, resends);
        if (wait === undefined) throw failure;
      } finally {
        place.leave();
        span.end();
      }
      await pause(wait, call.signal);
    }
  }

  /** Closes the connections; those in use are cut. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #attempt(call: StoreCall, span: Span): Promise<StoreAnswer> {
    const answer = await this.#transport.send({
      method: OPERATIONS[call.operation].method,
      path: this.#target(call),
      headers: await this.#signedHeaders(call, span),
      body: call.body,
      sent: (bytes) => span.set('http.request.body.size', bytes),
      signal: call.signal,
      settles: call.onUnanswered !== undefined,
      ...(call.onWhiteSpace !== undefined && { onWhiteSpace: call.onWhiteSpace }),
      stallTimeoutMillis: this.#config.stall_timeout_seconds * 1000,
      answerTimeoutMillis: this.#config.answer_timeout_seconds * 1000,
    });
    span.set('http.response.status_code', answer.status);
    span.set('aws.request_id', answer.headers['x-amz-request-id']);
    span.set('aws.extended_request_id', answer.headers['x-amz-id-2']);
    const failure = failureOfAnswer(answer, call);
    if (failure !== undefined) throw failure;
    return answer;
  }

  async #signedHeaders(call: StoreCall, span: Span): Promise<string[]> {
    const found = this.#credentials();
    const credentials = found instanceof Promise ? await whileWanted(found, call.signal) : found;
    const headers = { host: this.endpoint.host, ...call.headers };
    const request = {
      method: OPERATIONS[call.operation].method,
      path: this.endpoint.pathOf(call.key),
      query: call.query,
      headers,
      payloadHash: call.payloadHash,
      region: this.#config.region,
    };
    const { headers: added, chunks } = signRequest(request, credentials, new Date());
    if (call.body !== undefined && 'stream' in call.body) call.body.stream.signWith?.(chunks);
    const list: string[] = [];
    for (const [name, value] of Object.entries(headers)) list.push(name, value);
    for (const [name, value] of Object.entries(added)) list.push(name, value);
    if (call.body !== undefined) list.push('content-length', String(call.body.length));
    list.push(...UNCODED);
    // Beside the signature, never under it: a mesh may change trace headers on the way without breaking the request.
    if (this.#config.propagate) list.push(...span.outgoingHeaders());
    return list;
  }

  #target(call: StoreCall): string {
    const path = this.endpoint.pathOf(call.key);
    return call.query.length === 0 ? path : `${path}?${canonicalQuery(call.query)}`;
  }

  #openSpan(call: StoreCall, resends: number, { waitedMillis }: Place): Span {
    const partNumber = queryValue(call.query, 'partNumber');
    return call.span.child(OPERATIONS[call.operation].span, 'client', {
      'rpc.system': 'aws-api',
      'rpc.service': 'S3',
      'rpc.method': call.operation,
      'aws.s3.bucket': this.#config.bucket,
      'aws.s3.key': call.key,
      'aws.s3.upload_id': queryValue(call.query, 'uploadId'),
      'aws.s3.part_number': partNumber === undefined ? undefined : Number(partNumber),
      'cloud.region': this.#config.region,
      'http.request.method': OPERATIONS[call.operation].method,
      'server.address': this.endpoint.hostname,
      'server.port': this.endpoint.port,
      'http.request.resend_count': resends > 0 ? resends : undefined,
      's3.queue_seconds': waitedMillis > 0 ? waitedMillis / 1000 : undefined,
    });
  }
}

/** What the client's end broke off counts not: it had not gone to its end. */
function isUnanswered({ type }: Failure): boolean {
  return type === 'store_reset' || type === 'store_timeout' || type === 'store_invalid_answer';
}

function queryValue(query: Query, name: string): string | undefined {
  return query.find((pair) => pair[0] === name)?.[1];
}
