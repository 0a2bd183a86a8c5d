/**
 * A dry run: the upload of an empty object goes through the stages of the gateway, with real credentials and real policy engines.
 * Only the transport to the store does not send it.
 */
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Authorizer, Verdict } from '../../authz/authorizer.ts';
import type { Config } from '../../config/config.ts';
import { type Engine, NO_OBSERVER } from '../../domain/auth-observer.ts';
import { asFailure, type Failure } from '../../domain/failure.ts';
import type { Identity } from '../../domain/identity.ts';
import { NO_SPAN, type Span } from '../../domain/span.ts';
import type { Resolved } from '../../domain/stages.ts';
import { newRecord } from '../../gateway/stages.ts';
import { percentEncodePath } from '../../kit/percent.ts';
import { findRoute, type Route } from '../../router/find-bucket.ts';
import { openBuckets, type ServedBucket } from '../buckets.ts';
import type { AppContext } from '../context.ts';
import { openGateway } from '../gateway.ts';
import { Lifetime } from '../lifetime.ts';
import { credentialHeaders } from './credential-headers.ts';
import { sendInProcess } from './in-process-request.ts';
import { UNSENT, withoutStore } from './unsent-transport.ts';

export interface DryRun {
  readonly bucket: string;
  readonly key: string;
  /** Undefined if authentication failed. */
  readonly identity: Pick<Identity, 'method' | 'subject'> | undefined;
  /** The decisions of the policy engines, in the order of the queries. */
  readonly decisions: readonly EngineDecision[];
  /** Undefined if the object would be uploaded. */
  readonly failure: Failure | undefined;
}

export interface EngineDecision {
  readonly engine: Engine;
  readonly decision: 'allow' | 'deny' | 'error';
  readonly reason: string;
  /** Of an error. */
  readonly failure?: Failure;
}

/**
 * @param as a token, an access key, or undefined for a client without credentials.
 * @param put path of the object as a client would PUT it, decoded.
 * @throws Failure if the path does not name an object; Error if a part of a bucket cannot be opened.
 */
export async function dryRun(
  config: Config,
  as: string | undefined,
  put: string,
  around: Omit<AppContext, 'watch'>,
): Promise<DryRun> {
  const unsent = { ...config, buckets: config.buckets.map(withoutStore) };
  const context: AppContext = { ...around, watch: NO_OBSERVER, transport: UNSENT };
  const lifetime = new Lifetime(around.log);
  try {
    const observed = new Observed();
    const routes = (await openBuckets(unsent, lifetime, context)).map((route) => observed.observe(route));
    const gateway = openGateway(unsent, routes, context.watch, false);
    const request = { method: 'PUT', path: percentEncodePath(put.startsWith('/') ? put : `/${put}`) };
    const { bucket } = findRoute(routes, { rawPath: request.path, hostBucket: undefined });
    const named = unsent.buckets.find(({ name }) => name === bucket.name)!;
    const headers = await credentialHeaders(named, request, as, lifetime, context);
    const record = newRecord();
    const failure = await sendInProcess(gateway, { ...request, headers }, record).then(() => undefined, asFailure);
    const { routed, authMethod: method } = record;
    if (routed === undefined) throw failure;
    await observed.queryRemaining();
    const identity = method === undefined ? undefined : { method, subject: observed.identity?.subject };
    return { bucket: routed.bucket.name, key: routed.key, identity, decisions: observed.decisions, failure };
  } finally {
    await lifetime.close();
  }
}

/** Notes what the authenticators and the policy engines of a bucket decide. */
class Observed {
  identity: Identity | undefined;
  readonly decisions: EngineDecision[] = [];
  #request: Resolved | undefined;
  #remaining: Authorizer[] = [];

  /** The gateway stops at the first engine that does not allow the request; the operator wants to know about all of them. */
  async queryRemaining(): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    for (const one of this.#remaining.splice(0)) await this.#decide(one, request, NO_SPAN).catch(() => {});
  }

  observe({ bucket, ...route }: Route<ServedBucket>): Route<ServedBucket> {
    const authenticators = bucket.authenticators?.map((one) => this.#authenticator(one));
    const authorizers = bucket.authorizers.map((one) => this.#authorizer(one, bucket.authorizers));
    return { ...route, bucket: { ...bucket, authenticators, authorizers } };
  }

  #authenticator(one: Authenticator): Authenticator {
    return {
      ...one,
      authenticate: async (request, findings) => {
        const proof = await one.authenticate(request, findings);
        this.identity = proof.identity;
        return proof;
      },
    };
  }

  #authorizer(one: Authorizer, others: readonly Authorizer[]): Authorizer {
    return {
      engine: one.engine,
      decide: (request, span) => {
        this.#request = request;
        this.#remaining = others.slice(others.indexOf(one) + 1);
        return this.#decide(one, request, span);
      },
      close: () => one.close(),
    };
  }

  async #decide(one: Authorizer, request: Resolved, span: Span): Promise<Verdict> {
    const { engine } = one;
    try {
      const verdict = await one.decide(request, span);
      this.decisions.push({ engine, decision: verdict.allow ? 'allow' : 'deny', reason: verdict.reason });
      return verdict;
    } catch (thrown) {
      const failure = asFailure(thrown);
      this.decisions.push({ engine, decision: 'error', reason: failure.reason ?? '', failure });
      throw thrown;
    }
  }
}
