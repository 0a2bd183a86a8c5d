/**
 * Scenarios: how to make one true, and what the client's response, the trace, the log line and the metric must then show. A new
 * scenario is one row; the runner reads all of it back from the running gateway, and docs/troubleshooting.md lists it.
 */
import type { FailureType } from '../../../src/domain/failures.ts';
import type { FakeEngine } from '../fake-engine.ts';
import type { IdentityProvider } from '../identity-provider.ts';
import type { Behaviour, RawStore } from '../raw-store.ts';
import type { GatewayOptions, TestGateway } from '../start-gateway.ts';
import type { Place } from './places.ts';

export interface World {
  readonly gateway: TestGateway;
  readonly store: RawStore;
  /** A store with a certificate that the gateway does not trust. */
  readonly untrusted: RawStore;
  readonly engine: FakeEngine;
  readonly provider: IdentityProvider;
}

/** Status and S3 code, such as `503 SlowDown`; undefined where the client got no response. */
export type Received = string | undefined;

export type Side = 'client' | 'gateway' | 'store';

/** What the gateway has to show of a request that failed. */
export interface ExpectedFailure {
  readonly response: Received;
  readonly type: FailureType;
  readonly side: Side;
  /** Status of the SERVER span. */
  readonly span: 'error' | 'unset';
  /** Name of the deepest span with this `error.type`, where that is not the SERVER span; its status is an error. */
  readonly failed?: string;
  readonly level?: string;
  readonly reason?: string;
  /** `error.reason` of the span of a call, where the reason of the request is another word. */
  readonly cause?: string;
  readonly outcome?: 'stored' | 'not_stored' | 'unknown';
  readonly waitedFor?: 'client' | 'store' | 'connection' | 'memory';
}

/** What the gateway has to show of an upload that succeeded, and was slow. */
export interface ExpectedWait {
  readonly response: string;
  readonly side: Side;
  /** The places whose time is long in the trace. Every other place is short. */
  readonly slow: readonly Place[];
}

export interface Scenario<Expected = ExpectedFailure> {
  readonly what: string;
  /** Creates the behaviour of the store, for one run. */
  readonly store?: () => Behaviour;
  /** A gateway for this scenario alone, with these options. */
  readonly own?: (world: Omit<World, 'gateway'>) => Partial<GatewayOptions>;
  /** Makes it true. */
  act(world: World): Promise<Received>;
  /** How many requests fail in the same way; one by default. */
  readonly counts?: number;
  readonly expected: Expected;
  /** What to do, for docs/troubleshooting.md. The side acts, unless it names another one: `the …`. */
  readonly fix?: string;
}
