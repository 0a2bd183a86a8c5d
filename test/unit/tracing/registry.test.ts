/**
 * The names of our attributes next to the registry of the OpenTelemetry semantic conventions, version 1.45.0, as the package
 * `@opentelemetry/semantic-conventions` 1.45.0 is generated from it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { resourceAttributes } from '../../../src/config/resource-attributes.ts';
import { SCHEMA_URL } from '../../../src/export/otlp/resource.ts';
import { SPANS } from '../../../src/tracing/catalogue.ts';
import { OWN_NAMESPACES } from '../../../src/tracing/own-namespaces.ts';
import { tracingConfig } from '../../support/tracing-config.ts';

const REGISTRY = new Set(
  Object.entries({ ...stable, ...incubating })
    .filter(([constant]) => /^(ATTR|SEMATTRS)_/.test(constant))
    .map(([, name]) => name as unknown),
);
/** Ours, although their namespaces are those of the conventions: the names are kept for their users. */
const KEPT = ['http.request.turn_wait_seconds', 'error.reason'];
/** Of version 1.20.0, "HTTP client"; the package does not have it. */
const REMOVED = ['http.resend_count'];
const names = Object.values(SPANS).flatMap(({ attributes }) => Object.keys(attributes));
const older = Object.values(SPANS).flatMap(({ attributes }) =>
  Object.values(attributes).flatMap(({ legacy }) => legacy ?? []),
);
const isOwn = (name: string): boolean => name.split('.')[0]! in OWN_NAMESPACES;

describe('the registry of the semantic conventions', () => {
  it('has the names of all span attributes but our own', () => {
    const unknown = new Set(names.filter((name) => !isOwn(name) && !REGISTRY.has(name)));
    assert.deepEqual([...unknown], KEPT);
  });

  it('does not define our names', () =>
    assert.deepEqual(
      names.filter((name) => isOwn(name) && REGISTRY.has(name)),
      [],
    ));

  it('has the older names', () =>
    assert.deepEqual(
      [...new Set([...older, 'http.target'])].filter((name) => !REGISTRY.has(name)),
      REMOVED,
    ));

  it('has the names of the resource', () => {
    const resource = resourceAttributes(tracingConfig('http://c', { environment: 'test' }), '1');
    assert.deepEqual(
      Object.keys(resource).filter((name) => !REGISTRY.has(name)),
      [],
    );
  });

  it('has the version of our schema', () => {
    const file = new URL('../../../node_modules/@opentelemetry/semantic-conventions/package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    assert.equal(SCHEMA_URL, `https://opentelemetry.io/schemas/${version}`);
  });
});
