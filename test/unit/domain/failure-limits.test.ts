/** The limits that the rows of failures name are those that `/metrics` shows. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { FAILURES } from '../../../src/domain/failures.ts';
import type { MetricName } from '../../../src/metrics/catalogue.ts';
import { showLimits } from '../../../src/metrics/limit-metrics.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import type { Labels } from '../../../src/metrics/series.ts';

const CONFIG = `buckets:
  - name: uploads
    s3: { endpoint: http://127.0.0.1:9000, bucket: bucket, region: us-east-1, access_key: abc, secret_key: abcdefgh }
    authz: { opa: { url: http://127.0.0.1:8181, policy_path: mizuchi/allow } }
`;

it('names limits of failures as mizuchi_limit shows them', () => {
  const shown = new Set<string>();
  class Seen extends Registry {
    override set(name: MetricName, labels: Labels, value: number): void {
      super.set(name, labels, value);
      shown.add((labels[0] ?? '').replace(/^buckets\.uploads\./, '').replace(/^authz\.[a-z]+\./, 'authz.*.'));
    }
  }
  showLimits(new Seen(), parseConfig(CONFIG, 'config.yaml', {}));
  const named = Object.values(FAILURES).flatMap(({ limits }) => limits ?? []);
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((limit) => !shown.has(limit)),
    [],
  );
});
