/** The benchmarks' requests as the stages of the gateway get them, without a connection or a server around them. */
import { openAuth } from '../../src/app/bucket/auth.ts';
import type { AppContext } from '../../src/app/context.ts';
import type { Lifetime } from '../../src/app/lifetime.ts';
import type { Authenticator, Proof } from '../../src/auth/authenticator.ts';
import { NO_OBSERVER } from '../../src/domain/auth-observer.ts';
import { NO_SPAN } from '../../src/domain/span.ts';
import type { Incoming, Resolved, Routed } from '../../src/domain/stages.ts';
import { parseTarget } from '../../src/server/request-target.ts';
import { authOf } from './auth-contestants.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { SMALL_OBJECT } from './options.ts';
import type { WrittenRequest } from './requests.ts';
import { type Credential, requestsWith } from './signed-requests.ts';

export interface Ready {
  readonly authenticator: Authenticator;
  readonly requests: readonly Routed[];
}

const KINDS: Readonly<Record<Exclude<Credential, 'none'>, string>> = {
  header: 'sigv4_header',
  presigned: 'sigv4_query',
  bearer: 'bearer',
  'session token': 'sigv4_header',
};

/** Requests and who judges them, each judged once: every token is remembered. @throws Failure if one is refused. */
export async function readyRequests(
  credential: Exclude<Credential, 'none'>,
  provider: IdentityProvider,
  lifetime: Lifetime,
): Promise<Ready> {
  const bucket = { name: 'uploads', auth: authOf(provider.jwksUrl) };
  const opened = await openAuth(bucket, lifetime, appContext());
  const authenticator = opened?.authenticators.find(({ kinds }) => kinds.includes(KINDS[credential]));
  if (authenticator === undefined) throw new Error(`nobody judges ${credential}`);
  const requests = (await requestsWith(credential, provider, SMALL_OBJECT)).map(routed);
  const ready = { authenticator, requests };
  await judged({ authenticator, requests: requests.slice(0, 1) }); // the keys are fetched once, before all others need them
  await judged(ready);
  return ready;
}

/** The same requests with who sent them, for policy engines to be asked about. */
export function judged({ authenticator, requests }: Ready): Promise<Resolved[]> {
  return Promise.all(
    requests.map(async (request) => {
      const findings = { method: authenticator.method, keyId: undefined, keySource: undefined };
      const proof: Proof = await authenticator.authenticate(request, findings);
      return { ...request, ...proof, operation: 'PutObject', storeUploadId: undefined, uploadCreatedAt: undefined };
    }),
  );
}

/** Nobody counts and nobody writes. */
export function appContext(): AppContext {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return { directory: process.cwd(), env: {}, log, watch: NO_OBSERVER };
}

function routed(written: WrittenRequest): Routed {
  const incoming = incomingOf(written);
  return {
    incoming,
    bucket: { name: 'uploads', storeBucket: 'my-bucket' },
    operation: 'PutObject',
    key: incoming.rawPath.slice('/uploads/'.length),
    uploadId: undefined,
    partNumber: undefined,
    storeQuery: [],
    form: undefined,
  };
}

function incomingOf({ method, target, headers }: WrittenRequest): Incoming {
  const { path: rawPath, query } = parseTarget(target);
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    id: '79104EXAMPLEB723',
    method,
    rawPath,
    hostBucket: undefined,
    query,
    headers: lowerCase,
    received: lowerCase,
    scheme: 'http',
    clientAddress: '127.0.0.1',
    body: { length: SMALL_OBJECT, open: unread, take: unread },
    signal: new AbortController().signal,
    span: NO_SPAN,
    keepWaiting: () => {},
  };
}

function unread(): never {
  throw new Error('nothing here reads the body');
}
