/** What both engines have in common: a question is asked once, through the breaker, inside a span, and its answer remembered. */

import { callerOf } from '../domain/caller.ts';
import { FIXED_LIMITS } from '../domain/fixed-limits.ts';
import type { BreakerState, Engine, IdentityWatch } from '../domain/identity-watch.ts';
import type { Attributes, Span } from '../domain/span.ts';
import type { Resolved } from '../domain/stages.ts';
import { whileWanted } from '../domain/while-wanted.ts';
import { FairLine } from '../kit/fair-line.ts';
import type { Authorizer, Verdict } from './authorizer.ts';
import { createBreaker } from './breaker.ts';
import { type Decided, DecisionCache, type SharedCall } from './decision-cache.ts';
import { EngineClient, type EngineClientOptions } from './engine-client.ts';
import { busy, EngineError, unavailable } from './trouble.ts';

export interface EngineOptions extends EngineClientOptions {
  readonly cache_ttl_seconds: number;
}

export interface EngineTools {
  /** Name of the bucket that the engine guards. */
  readonly bucket: string;
  readonly watch: IdentityWatch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long the breaker stays open, in milliseconds. */
  readonly openMillis?: number;
  /** How long a question waits for its turn at most, in milliseconds. */
  readonly waitingMillis?: number;
}

/** How one kind of engine is spoken to. */
export interface Language {
  readonly engine: Engine;
  /** Below the engine's URL. */
  readonly path: string;
  /** The body of the call, or a decision that needs none. */
  ask(request: Resolved): string | Decided;
  /** Reads the document of a 200. What is no decision denies. */
  understand(document: unknown): Decided;
}

/** Questions that wait for their turn, and milliseconds that one waits at most. */
const WAITING = FIXED_LIMITS.engine_line;
const WAITING_MILLIS = FIXED_LIMITS.engine_line_seconds * 1000;

export function createEngine(language: Language, options: EngineOptions, tools: EngineTools): Authorizer {
  const { bucket, watch, now = Date.now, openMillis } = tools;
  const client = new EngineClient(options);
  const cache = new DecisionCache(options.cache_ttl_seconds * 1000, now);
  const breaker = createBreaker((state) => watch.breaker(bucket, language.engine, state), openMillis);
  const call = createCall(language, client);
  const line = new FairLine({
    places: options.max_concurrent,
    waiting: WAITING,
    millis: tools.waitingMillis ?? WAITING_MILLIS,
    refusal: busy,
  });
  watch.calls(bucket, language.engine, line);
  return {
    engine: language.engine,
    async decide(request, span, waited): Promise<Verdict> {
      const question = language.ask(request);
      if (typeof question !== 'string') return { ...question, cached: false };
      const { identity, incoming } = request;
      const ask = async (shared: SharedCall): Promise<Decided> => {
        breaker.check(); // nobody waits in line to be told that
        const caller = callerOf(request);
        const millis = (await line.enter(caller, incoming.clientAddress ?? '', shared.unwanted)) ?? 0;
        shared.begun = true;
        waited?.(millis);
        return breaker.run((state) => call(question, state, span, millis)).finally(() => line.leave(caller));
      };
      const decision = cache.decide(question, identity.expiresAt, ask, incoming.signal);
      // Who goes away leaves the call running that is made already: others may wait for the same answer.
      return whileWanted(decision.catch(explained), incoming.signal);
    },
    close: () => client.close(),
  };
}

type Call = (question: string, breaker: BreakerState, parent: Span, waitedMillis: number) => Promise<Decided>;

/** One call in its span. What is the same for all calls is made here. */
function createCall({ engine, path, understand }: Language, client: EngineClient): Call {
  const name = `authz.${engine}`;
  const attributes = attributesOf(client.url, path);
  return async (question, breaker, parent, waitedMillis) => {
    const span = parent.child(name, 'client', {
      ...attributes,
      'authz.breaker': breaker,
      'authz.queue_seconds': waitedMillis > 0 ? waitedMillis / 1000 : undefined,
    });
    try {
      const answer = await client.post(path, question, span.outgoingHeaders());
      span.set('http.response.status_code', answer.status);
      const decided = understand(answer.document);
      span.set('authz.decision', decided.allow ? 'allow' : 'deny');
      return decided;
    } catch (error) {
      span.set('http.response.status_code', error instanceof EngineError ? error.status : undefined);
      span.fail(error instanceof EngineError ? error.trouble : 'policy_unavailable');
      throw error;
    } finally {
      span.end();
    }
  };
}

function attributesOf(url: URL, path: string): Attributes {
  return {
    'http.request.method': 'POST',
    'url.full': `${url.origin}${url.pathname.replace(/\/$/, '')}${path}`,
    'server.address': url.hostname,
    'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
  };
}

function explained(error: unknown): never {
  throw error instanceof EngineError ? unavailable(error.trouble, 1, error) : error;
}
