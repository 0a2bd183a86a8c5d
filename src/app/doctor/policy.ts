/** Tries the policy engines: whether they answer a question as they should. What they answer is their affair. */
import type { Authorizer } from '../../authz/authorizer.ts';
import type { BucketConfig } from '../../config/bucket.ts';
import { asFailure } from '../../domain/failure.ts';
import type { Identity } from '../../domain/identity.ts';
import { NO_SPAN } from '../../domain/span.ts';
import { openAuthz } from '../bucket/authz.ts';
import type { AppContext } from '../context.ts';
import { requestOf } from '../dry-run.ts';
import type { Lifetime } from '../lifetime.ts';
import { type Finding, fails, find, works } from './finding.ts';

const NOBODY_REAL: Identity = { method: 'sigv4', subject: 'mizuchi-doctor', claims: {}, expiresAt: undefined };

export function examinePolicy(bucket: BucketConfig, lifetime: Lifetime, context: AppContext): Promise<Finding[]> {
  const authorizers = openAuthz(bucket.authz, bucket.name, lifetime, context);
  return Promise.all(authorizers.map((authorizer) => examineEngine(bucket, authorizer)));
}

function examineEngine(bucket: BucketConfig, authorizer: Authorizer): Promise<Finding> {
  return find(`bucket ${bucket.name}, ${authorizer.engine}`, async () => {
    const asked = { ...bucket, storeBucket: bucket.s3.bucket };
    const request = requestOf(asked, NOBODY_REAL, `${bucket.path_prefix}/mizuchi-doctor`, 'mizuchi-doctor');
    try {
      const { allow } = await authorizer.decide(request, NO_SPAN);
      return works(`it answers: ${allow ? 'allow' : 'deny'} for the subject mizuchi-doctor`);
    } catch (thrown) {
      const { reason = 'no answer' } = asFailure(thrown);
      return fails(
        reason.replaceAll('_', ' '),
        `check authz.${authorizer.engine}: url, names and token; docs/policy.md`,
      );
    }
  });
}
