/** Who takes part in the benchmark of identity and policy: the same gateway, whose clients prove themselves in different ways. */
import type { AuthConfig } from '../../src/config/auth.ts';
import type { AuthzConfig } from '../../src/config/authz.ts';
import type { Config } from '../../src/config/config.ts';
import type { Engine } from '../../src/domain/auth-observer.ts';
import type { AuthMethod } from '../../src/domain/identity.ts';
import type { Contestant } from './contestant.ts';
import { gatewayConfig, NO_TRACING } from './gateway-config.ts';
import { AUDIENCE, ISSUER } from './identity-provider.ts';
import { ACCESS_KEY, type Credential, REGION, TOKEN_KEY } from './signed-requests.ts';

export interface AuthContestant extends Contestant {
  readonly credential: Credential;
  /** Asked whether each upload may be. */
  readonly engine: Engine | undefined;
  /** Seconds that its decisions are remembered. */
  readonly ttl: number;
}

/** The CPU of one request that a way to prove oneself may add to an anonymous one, in microseconds. */
export const TARGETS: Readonly<Record<string, number>> = { 'SigV4 in the header': 40, 'JWT as bearer': 10 };

/** What the gateway makes of each credential. */
export const METHODS: Readonly<Record<Credential, AuthMethod>> = {
  none: 'anonymous',
  header: 'sigv4',
  presigned: 'sigv4',
  bearer: 'jwt',
  'session token': 'sigv4+jwt',
};

function authenticated(name: string, credential: Credential): AuthContestant {
  return { name, against: ['anonymous', 'anonymous, again'], credential, engine: undefined, ttl: 0 };
}

/** OpenFGA has to know who asks; so all engines are asked about bearers, and set against bearers for whom none is asked. */
function authorized(name: string, engine: Engine, ttl = 0): AuthContestant {
  return { name, against: ['JWT as bearer', 'JWT as bearer, again'], credential: 'bearer', engine, ttl };
}

/** The second is the same as the first, and so shows the noise. */
export const CONTESTANTS: readonly AuthContestant[] = [
  authenticated('anonymous', 'none'),
  authenticated('anonymous, again', 'none'),
  authenticated('SigV4 in the header', 'header'),
  authenticated('presigned URL', 'presigned'),
  authenticated('JWT as bearer', 'bearer'),
  authenticated('JWT as bearer, again', 'bearer'),
  authenticated('JWT as session token', 'session token'),
  authorized('OPA', 'opa'),
  authorized('OPA, remembered', 'opa', 3600),
  authorized('OpenFGA', 'openfga'),
];

export interface Surroundings {
  readonly storePort: number;
  readonly enginePort: number;
  readonly jwksUrl: string;
}

/** Where callers must prove themselves, each may do it in every way: only what they send is different. */
export function configOf({ credential, engine, ttl }: AuthContestant, surroundings: Surroundings): Config {
  return gatewayConfig(surroundings.storePort, {
    tracing: NO_TRACING,
    auth: credential === 'none' ? { enabled: false } : authOf(surroundings.jwksUrl),
    authz: engine === undefined ? { enabled: false } : authzOf(engine, ttl, surroundings.enginePort),
  });
}

/** As the configuration has it by default, but for its key. */
const PROVIDER_DEFAULTS = { leeway_seconds: 30, subject_claim: 'sub' };

export function authOf(jwksUrl: string): AuthConfig {
  const provider = { algorithms: ['RS256' as const], jwks_url: jwksUrl, issuer: ISSUER, audience: AUDIENCE };
  return {
    enabled: true,
    jwt: { ...PROVIDER_DEFAULTS, ...provider, session_token: TOKEN_KEY },
    sigv4: { region: REGION, credentials: [{ ...ACCESS_KEY, subject: 'uploader-0' }] },
  };
}

/** The names of OpenFGA's store and model are ULIDs. */
export function authzOf(engine: Engine, ttl: number, port: number): AuthzConfig {
  const common = { url: `http://127.0.0.1:${port}`, timeout_seconds: 5, cache_ttl_seconds: ttl, max_concurrent: 64 };
  if (engine === 'opa') return { enabled: true, opa: { ...common, policy_path: 'mizuchi/allow' } };
  const names = { relation: 'writer', user_type: 'user', object_type: 'object', check: 'object' as const };
  return { enabled: true, openfga: { ...common, ...names, store_id: '01J00000000000000000000000' } };
}
