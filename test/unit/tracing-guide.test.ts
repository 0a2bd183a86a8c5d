/** What docs/TRACING.md quotes is what the gateway says: its examples are read, its log lines and metrics are there. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../src/config/parse-config.ts';
import { METRICS } from '../../src/metrics/catalogue.ts';
import { SPANS } from '../../src/tracing/catalogue.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(join(root, 'docs/TRACING.md'), 'utf8');
const BUCKETS = 'buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: a, secret_key: s } }]\n';

describe('docs/TRACING.md', () => {
  const examples = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!);

  it('shows configurations that can be used', () => {
    assert.ok(examples.length >= 5);
    for (const example of examples) assert.equal(parseConfig(BUCKETS + example, 'f', {}).tracing.enabled, true);
  });

  it('quotes log lines that are written', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, 'src', file), 'utf8'));
    const quoted = [...guide.matchAll(/log `([^`]+)`/g)].map(([, line]) => line!);
    assert.ok(quoted.length >= 5);
    for (const line of quoted)
      assert.ok(
        sources.some((source) => source.includes(`'${line}'`)),
        line,
      );
  });

  it('names metrics, attributes and settings that are there', () => {
    for (const [, name] of guide.matchAll(/`(mizuchi_tracer_\w+)`/g)) {
      assert.ok(Object.hasOwn(METRICS, name!.replace(/_total$/, '')), name!);
    }
    const attributes = new Set(Object.values(SPANS).flatMap((span) => Object.keys(span.attributes)));
    for (const [, name] of guide.matchAll(/`((?:upload|aws|auth|authz|http|sampling|user_agent)\.[a-z_.]+)`/g)) {
      if (
        /^(sampling\.(strategy|keep|ratio)|http\.server\.request|auth\.verify|authz\.(check|opa|openfga)|aws\.s3\.)/.test(
          name!,
        )
      )
        continue;
      assert.ok(attributes.has(name!) || guide.includes(`| \`${name}\` |`) || isLegacy(name!), name!);
    }
  });

  const isLegacy = (name: string): boolean =>
    Object.values(SPANS).some(({ attributes }) => Object.values(attributes).some(({ legacy }) => legacy === name)) ||
    name === 'http.target';
});
