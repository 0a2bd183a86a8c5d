/** Tries each policy engine of a bucket: an upload goes through the stages of the gateway and ends before the store. */
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Authorizer } from '../../authz/authorizer.ts';
import type { BucketConfig } from '../../config/bucket.ts';
import type { Config } from '../../config/config.ts';
import { asFailure } from '../../domain/failure.ts';
import type { Identity } from '../../domain/identity.ts';
import { openAuthz } from '../bucket/authz.ts';
import { openStore } from '../bucket/store.ts';
import { routeTo } from '../buckets.ts';
import type { AppContext } from '../context.ts';
import { sendInProcess } from '../dry-run/in-process-request.ts';
import { UNSENT, withoutStore } from '../dry-run/unsent-transport.ts';
import { engineProblem } from '../engine-problem.ts';
import { openGateway } from '../gateway.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, failsAs, find, works } from './finding.ts';

const DOCTOR: Identity = { method: 'sigv4', subject: 'mizuchi-doctor', claims: {}, expiresAt: undefined };

/** Accepts every bearer token as the subject mizuchi-doctor: identity.ts tries the keys of the clients. */
const AS_DOCTOR: Authenticator = {
  method: 'sigv4',
  kinds: ['bearer'],
  authenticate: () => ({ identity: DOCTOR, payload: { hash: 'UNSIGNED-PAYLOAD', chunks: undefined } }),
};

export function examinePolicy(
  bucket: BucketConfig,
  config: Config,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Finding[]> {
  const authorizers = openAuthz(bucket.authz, bucket.name, lifetime, context);
  return Promise.all(authorizers.map((authorizer) => examineEngine(bucket, config, authorizer, lifetime, context)));
}

function examineEngine(
  bucket: BucketConfig,
  config: Config,
  authorizer: Authorizer,
  lifetime: Lifetime,
  context: AppContext,
): Promise<Finding> {
  const { engine } = authorizer;
  return find(`bucket ${bucket.name}, ${engine}`, async () => {
    const unsent = withoutStore(bucket);
    const store = await openStore(unsent, lifetime, { ...context, transport: UNSENT });
    const open = routeTo(unsent, config, { store, authenticators: [AS_DOCTOR], authorizers: [authorizer] });
    const route = { ...open, maxKeyBytes: undefined };
    const gateway = openGateway({ ...config, buckets: [unsent] }, [route], context.watch, false);
    const path = `${bucket.path_prefix}/mizuchi-doctor`;
    try {
      await sendInProcess(gateway, { method: 'PUT', path, headers: { authorization: 'Bearer mizuchi-doctor' } });
      return works('it responds: allow for the subject mizuchi-doctor');
    } catch (thrown) {
      const failure = asFailure(thrown);
      const { type, reason } = failure;
      if (type === 'access_denied') return works('it responds: deny for the subject mizuchi-doctor');
      const { what, hint } = engineProblem(bucket.authz, engine, failure) ?? {
        what: (reason ?? type).replaceAll('_', ' '),
        hint: `check authz.${engine}: url, names and token; docs/policy.md`,
      };
      return failsAs(what, hint, failure);
    }
  });
}
