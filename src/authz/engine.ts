/** What all policy engines have in common: the cache, the limit of concurrent queries, the circuit breaker and the span. */

import { performance } from 'node:perf_hooks';
import type { AuthObserver, BreakerState, EngineCall } from '../domain/auth-observer.ts';
import { callerOf } from '../domain/caller.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import { showConnectionIn } from '../domain/show-connection.ts';
import type { Attributes, Span } from '../domain/span.ts';
import { whileWanted } from '../domain/while-wanted.ts';
import { FairLine } from '../kit/fair-line.ts';
import type { TakeConnection } from '../kit/used-connection.ts';
import type { Authorizer, Verdict } from './authorizer.ts';
import { createBreaker } from './breaker.ts';
import { type Decided, DecisionCache, type SharedCall } from './decision-cache.ts';
import { EngineClient } from './engine-client.ts';
import { busy, EngineError, unavailable } from './engine-error.ts';
import type { AnyEngine, EngineOptions, PolicyEngine } from './policy-engine.ts';

export interface EngineTools {
  /** Name of the bucket that the engine guards. */
  readonly bucket: string;
  readonly watch: AuthObserver;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long the breaker stays open, in milliseconds. */
  readonly openMillis?: number;
  /** How long a query waits for its turn at most, in milliseconds. */
  readonly waitingMillis?: number;
}

/** Queries that wait for their turn, and milliseconds that one waits at most. */
const WAITING = FIXED_LIMITS.engine_line;
const WAITING_MILLIS = FIXED_LIMITS.engine_line_seconds * 1000;

export function createEngine<Options extends EngineOptions>(
  engine: PolicyEngine<string, Options>,
  options: Options,
  tools: EngineTools,
): Authorizer {
  const { bucket, watch, now = Date.now, openMillis } = tools;
  const client = new EngineClient(options, engine.isQueryError);
  const cache = new DecisionCache(options.cache_ttl_seconds * 1000, now);
  const { origin } = client.url;
  const call = createCall(engine, engine.path(options), client, (called) =>
    watch.engineCalled({ ...called, bucket, engine: engine.name, origin }),
  );
  const line = new FairLine({
    places: options.max_concurrent,
    waiting: WAITING,
    millis: tools.waitingMillis ?? WAITING_MILLIS,
    refusal: busy,
  });
  const forget = watch.calls(bucket, engine.name, line, origin);
  const breaker = createBreaker((state) => watch.breaker(bucket, engine.name, state, origin), openMillis);
  return {
    engine: engine.name,
    async decide(request, span, waited): Promise<Verdict> {
      const query = engine.encode(options, request);
      if (typeof query !== 'string') return { ...query, cached: false };
      const { identity, incoming } = request;
      const ask = async (shared: SharedCall): Promise<Decided> => {
        breaker.check(); // refuse at once, instead of after the wait
        const caller = callerOf(request);
        const millis = (await line.enter(caller, incoming.clientAddress ?? '', shared.unwanted)) ?? 0;
        shared.begun = true;
        waited?.(millis);
        return breaker.run((state) => call(query, state, span, millis)).finally(() => line.leave(caller));
      };
      const decision = cache.decide(query, identity.expiresAt, ask, incoming.signal);
      // A client that disconnects does not abort a call that was sent: others may wait for the same response.
      return whileWanted(decision.catch(explained), incoming.signal);
    },
    close() {
      forget();
      return client.close();
    },
  };
}

type Call = (query: string, breaker: BreakerState, parent: Span, waitedMillis: number) => Promise<Decided>;

/** One call in its span. The parts that all calls share are created once. */
function createCall(
  { name: engine, decode }: Pick<AnyEngine, 'name' | 'decode'>,
  path: string,
  client: EngineClient,
  called: (call: Pick<EngineCall, 'outcome' | 'cause' | 'seconds' | 'span'>) => void,
): Call {
  const name = `authz.${engine}`;
  const attributes = attributesOf(client.url, path);
  return async (query, breaker, parent, waitedMillis) => {
    const span = parent.child(name, 'client', attributes);
    span.set('authz.breaker', breaker);
    if (waitedMillis > 0) span.set('authz.queue_seconds', waitedMillis / 1000);
    const sentAt = performance.now();
    let outcome = 'policy_unavailable';
    let cause: string | undefined;
    try {
      const response = await client.post(path, query, span.outgoingHeaders(), connectedOn(span));
      span.set('http.response.status_code', response.status);
      const decided = decode(response.document);
      outcome = decided.allow ? 'allow' : 'deny';
      span.set('authz.decision', outcome);
      return decided;
    } catch (error) {
      span.set('http.response.status_code', error instanceof EngineError ? error.status : undefined);
      span.set('error.reason', error instanceof EngineError ? error.code : undefined);
      if (error instanceof EngineError) {
        outcome = error.problem;
        cause = causeOf(error);
      }
      span.fail(outcome);
      throw error;
    } finally {
      span.end();
      called({ outcome, cause, seconds: (performance.now() - sentAt) / 1000, span });
    }
  };
}

const causeOf = ({ code, status }: EngineError): string | undefined =>
  code ?? (status === undefined || status === 200 ? undefined : `HTTP ${status}`);

const showConnection = showConnectionIn('authz');
const connectedOn = (span: Span): TakeConnection | undefined =>
  span.recording ? (connection, waitedSeconds) => showConnection(span, connection, waitedSeconds) : undefined;

function attributesOf(url: URL, path: string): Attributes {
  return {
    'http.request.method': 'POST',
    'url.full': `${url.origin}${url.pathname.replace(/\/$/, '')}${path}`,
    'server.address': url.hostname,
    'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
  };
}

function explained(error: unknown): never {
  throw error instanceof EngineError ? unavailable(error.problem, 1, error) : error;
}
