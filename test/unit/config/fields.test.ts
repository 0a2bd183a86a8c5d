import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG } from '../../../src/config/config.ts';
import type { Field, ScalarField } from '../../../src/config/field.ts';

function* everyField(path: string, field: Field): Generator<[path: string, field: Field]> {
  yield [path, field];
  if (field.kind === 'list') yield* everyField(`${path}[]`, field.item);
  if (field.kind === 'object')
    for (const [key, child] of Object.entries(field.fields)) yield* everyField(`${path}.${key}`, child);
}

const FIELDS = [...everyField('', CONFIG)];
const SCALARS = FIELDS.filter((entry): entry is [string, ScalarField<unknown>] => entry[1].kind === 'scalar');

describe('the fields of the configuration', () => {
  it('have a description', () => {
    for (const [path, { prose }] of FIELDS) assert.match(prose, /^[A-Z`].*\.$/s, path);
  });

  it('have defaults that are valid in a file', () => {
    const withDefault = SCALARS.filter(([, { fallback }]) => fallback.kind === 'default');
    assert.ok(withDefault.length > 15);
    for (const [path, field] of withDefault) {
      const value = field.fallback.kind === 'default' ? field.fallback.value : undefined;
      assert.deepEqual(field.parse(field.write(value)), { value }, path);
    }
  });

  it('have a hint and a type in words', () => {
    for (const [path, { hint, type }] of SCALARS) assert.ok(hint.length > 5 && type.length > 3, path);
  });

  it('are discreet if they contain credentials', () => {
    const discreet = FIELDS.filter(([, field]) => 'discreet' in field && field.discreet).map(([path]) => path);
    assert.deepEqual(discreet, [
      '.server.upload_id_secret',
      '.server.upload_id_secrets[]',
      '.buckets[].s3.endpoint',
      '.buckets[].s3.access_key',
      '.buckets[].s3.secret_key',
      '.buckets[].s3.session_token',
      '.buckets[].auth.jwt.secret',
      '.buckets[].auth.jwt.jwks_url',
      '.buckets[].auth.jwt.providers[].secret',
      '.buckets[].auth.jwt.providers[].jwks_url',
      '.buckets[].auth.jwt.session_token.secret_key',
      '.buckets[].auth.sigv4.credentials[].access_key',
      '.buckets[].auth.sigv4.credentials[].secret_key',
      '.buckets[].authz.opa.url',
      '.buckets[].authz.opa.token',
      '.buckets[].authz.openfga.url',
      '.buckets[].authz.openfga.token',
      '.tracing.otlp.endpoint',
      '.tracing.otlp.headers',
      '.metrics.otlp.endpoint',
      '.metrics.otlp.headers',
      '.logging.otlp.endpoint',
      '.logging.otlp.headers',
    ]);
  });
});
