/**
 * The calls to the store: one operation on one bucket, signed, traced, and sent again where that is safe. The transport
 * holds the connections of the bucket.
 */
import { performance } from 'node:perf_hooks';
import type { StoreChecksums } from '../body/store-checksums.ts';
import { asFailure, Failure, withOutcome } from '../domain/failure.ts';
import { OPERATIONS } from '../domain/operation.ts';
import type { Span } from '../domain/span.ts';
import type { Bucket } from '../domain/stages.ts';
import { NO_STORE_OBSERVER, type StoreObserver } from '../domain/store-observer.ts';
import { whileWanted } from '../domain/while-wanted.ts';
import { UNCODED } from '../kit/decode-content.ts';
import { canonicalQuery } from '../sigv4/canonical-request.ts';
import { type Credentials, signRequest } from '../sigv4/sign-request.ts';
import { AttemptObserver } from './attempt-observer.ts';
import { attemptSpans, type OpenAttempt } from './attempt-span.ts';
import { type CredentialsConfig, type CredentialsSource, credentialsSource } from './credentials.ts';
import { type Endpoint, type EndpointConfig, endpointOf } from './endpoint.ts';
import { type FailedAttempt, failAttempt } from './failed-attempt.ts';
import type { HeaderRules } from './header-rules.ts';
import { NetworkTransport } from './network-transport.ts';
import { delayBeforeRetry, pause } from './retry.ts';
import type { StoreCall } from './store-call.ts';
import { failureOfResponse } from './store-error.ts';
import { type Place, type PlaceRequest, StoreLine } from './store-line.ts';
import type { StoreResponse, StoreTransport } from './store-transport.ts';

/** Longest wait for the response to a part whose upload will be aborted, in milliseconds. */
const BRIEFLY_MILLIS = 2_000;

/** A bucket of the configuration together with the client of its store. */
export interface StoreBucket extends Bucket {
  readonly store: StoreClient;
  /** Undefined where only the allow-list applies. */
  readonly headerRules: HeaderRules | undefined;
  readonly checksums: StoreChecksums;
}

export interface StoreConfig extends EndpointConfig, CredentialsConfig {
  /** Whether the store is sent `traceparent` and `tracestate`. */
  readonly propagate: boolean;
  readonly max_connections: number;
  readonly connect_timeout_seconds: number;
  readonly stall_timeout_seconds: number;
  readonly answer_timeout_seconds: number;
}

function networkTransport(config: StoreConfig, ca: string | undefined): StoreTransport {
  return NetworkTransport.open({
    origin: endpointOf(config).origin,
    connections: config.max_connections,
    connectTimeoutMillis: config.connect_timeout_seconds * 1000,
    ca,
  });
}

const SUCCEEDED: FailedAttempt = { errorType: undefined, isCancelled: false, cause: undefined };

export class StoreClient {
  readonly endpoint: Endpoint;
  readonly #config: StoreConfig;
  readonly #transport: StoreTransport;
  readonly #line: StoreLine;
  readonly #credentials: CredentialsSource;
  readonly #watch: StoreObserver;
  readonly #openSpan: OpenAttempt;

  private constructor(
    config: StoreConfig,
    credentials: CredentialsSource,
    transport: StoreTransport,
    watch: StoreObserver,
  ) {
    this.#config = config;
    this.#credentials = credentials;
    this.endpoint = endpointOf(config);
    this.#transport = transport;
    this.#line = new StoreLine(config.max_connections);
    this.#watch = watch;
    this.#openSpan = attemptSpans(this.endpoint, config);
  }

  /** Whether a call may have a body that a pump moves. */
  get canMove(): boolean {
    return this.#transport.canMove ?? false;
  }

  /** Connections in use, calls that wait for one, and open connections that no call uses. */
  get connections(): { readonly used: number; readonly waiting: number; readonly idle: number } {
    const { used, waiting } = this.#line;
    return { used, waiting, idle: this.#transport.idleConnections ?? 0 };
  }

  /**
   * @param ca PEM of the authorities to trust instead of the public ones.
   * @param transport over the network by default.
   * @param watch is notified of every attempt.
   * @throws Error if the provider chain of AWS finds no credentials.
   */
  static async open(
    config: StoreConfig,
    ca?: string,
    transport?: StoreTransport,
    watch: StoreObserver = NO_STORE_OBSERVER,
  ): Promise<StoreClient> {
    const credentials = await credentialsSource(config);
    await credentials();
    return new StoreClient(config, credentials, transport ?? networkTransport(config, ca), watch);
  }

  /** Waits for a connection ahead of the call that will use it. @throws Failure overloaded, client_aborted. */
  enter(request: PlaceRequest): Promise<Place> {
    return this.#line.enter(request);
  }

  /**
   * @returns a successful response of the store.
   * @throws Failure for everything else. Its outcome is unknown if that of any attempt is.
   */
  async call(call: StoreCall): Promise<StoreResponse> {
    const attempts = { isUnknown: false };
    try {
      return await this.#callUntilDone(call, attempts);
    } catch (thrown) {
      const failure = asFailure(thrown);
      throw attempts.isUnknown ? withOutcome(failure, 'unknown') : failure;
    }
  }

  async #callUntilDone(call: StoreCall, attempts: { isUnknown: boolean }): Promise<StoreResponse> {
    let paused: number | undefined;
    for (let resends = 0; ; resends++) {
      const ahead = resends === 0 ? call.place : undefined;
      const place = ahead ?? (await this.#line.enter(call));
      const span = this.#openSpan(call, resends, place.waitedMillis);
      span.set('s3.retry_wait_seconds', paused);
      let wait: number | undefined;
      let response: StoreResponse | undefined;
      let failed = SUCCEEDED;
      const sentAt = performance.now();
      call.attemptWait?.start();
      try {
        response = await this.#attempt(call, span);
        const failure = failureOfResponse(response, call);
        if (failure === undefined) return response;
        throw failure;
      } catch (thrown) {
        const failure = asFailure(thrown);
        failed = failAttempt(span, failure, call.signal, response?.status);
        if (failure.outcome === 'unknown') call.onOutcomeUnknown?.();
        attempts.isUnknown ||= failure.outcome === 'unknown';
        wait = delayBeforeRetry(call, failure, resends);
        if (wait === undefined) throw failure;
      } finally {
        call.attemptWait?.stop();
        place.leave();
        span.end();
        const seconds = (performance.now() - sentAt) / 1000;
        const { operation } = call;
        const { status } = response ?? {};
        this.#watch.attempted({ ...failed, operation, resends, server: this.endpoint, status, seconds, span });
      }
      paused = await pause(wait, call);
    }
  }

  /** Closes the connections; those in use are reset. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #attempt(call: StoreCall, span: Span): Promise<StoreResponse> {
    const found = this.#credentials();
    const credentials = found instanceof Promise ? await whileWanted(found.catch(unavailable), call.signal) : found;
    const response = await this.#transport.send({
      method: OPERATIONS[call.operation].method,
      path: this.#target(call),
      headers: this.#signedHeaders(call, credentials, span),
      body: call.body,
      ...(span.recording && { observer: new AttemptObserver(span) }),
      sent: (bytes) => span.set('http.request.body.size', bytes),
      signal: call.signal,
      ...(call.settles !== undefined && { settleMillis: this.#settleMillis(call.settles) }),
      ...(call.onWhiteSpace !== undefined && { onWhiteSpace: call.onWhiteSpace }),
      stallTimeoutMillis: this.#config.stall_timeout_seconds * 1000,
      responseTimeoutMillis: this.#config.answer_timeout_seconds * 1000,
    });
    span.set('http.response.status_code', response.status);
    span.set('aws.request_id', response.headers['x-amz-request-id']);
    span.set('aws.extended_request_id', response.headers['x-amz-id-2']);
    return response;
  }

  #settleMillis(settles: 'briefly' | 'fully'): number {
    return settles === 'briefly' ? BRIEFLY_MILLIS : this.#config.answer_timeout_seconds * 1000;
  }

  #signedHeaders(call: StoreCall, credentials: Credentials, span: Span): string[] {
    const request = {
      method: OPERATIONS[call.operation].method,
      path: this.endpoint.pathOf(call.key),
      query: call.query,
      headers: { host: this.endpoint.host, ...call.headers },
      payloadHash: call.payloadHash,
      region: this.#config.region,
    };
    const { headers, chunks } = signRequest(request, credentials, new Date());
    if (call.body !== undefined && 'stream' in call.body) call.body.stream.signWith?.(chunks);
    const list: string[] = [];
    for (const name in headers) list.push(name, headers[name] as string);
    if (call.body !== undefined) list.push('content-length', String(call.body.length));
    list.push(...UNCODED);
    // Not signed: a service mesh may change trace headers on the way without breaking the signature.
    if (this.#config.propagate) list.push(...span.outgoingHeaders());
    return list;
  }

  #target(call: StoreCall): string {
    const path = this.endpoint.pathOf(call.key);
    return call.query.length === 0 ? path : `${path}?${canonicalQuery(call.query)}`;
  }
}

/** The provider chain of AWS could not renew them: the operator of the gateway has to act. Nothing was sent. */
function unavailable(cause: Error): never {
  const message = 'The gateway has no credentials for its store. Its operator has to fix this.';
  const reason = 'credentials_unavailable';
  throw new Failure('store_refused_gateway', message, { reason, detail: cause.message, outcome: 'not_stored', cause });
}
