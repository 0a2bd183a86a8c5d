/** The attributes of log records: names of the semantic conventions, or of our spans. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { LOG_FIELDS, logAttributes } from '../../../src/logging/log-fields.ts';
import { SPANS } from '../../../src/tracing/catalogue.ts';

const KNOWN = new Set<unknown>([
  ...Object.values({ ...stable, ...incubating }),
  ...Object.values(SPANS).flatMap(({ attributes }) => Object.keys(attributes)),
]);

describe('the attributes of a log record', () => {
  it('are those of the conventions and of our spans, but for one', () => {
    const names = Object.values(LOG_FIELDS).flatMap(({ attribute }) => attribute ?? []);
    assert.deepEqual(
      names.filter((name) => !KNOWN.has(name)),
      ['mizuchi.duration_seconds'],
    );
    assert.equal(new Set(names).size, names.length);
  });

  it('have known methods only, and the original of others', () => {
    assert.equal(logAttributes({ method: 'PUT' })['http.request.method'], 'PUT');
    assert.deepEqual(logAttributes({ method: 'BREW' }), {
      'http.request.method': '_OTHER',
      'http.request.method_original': 'BREW',
    });
    assert.deepEqual(logAttributes({ method: '' }), {
      'http.request.method': '_OTHER',
      'http.request.method_original': undefined,
    });
  });

  it('keep the names of other fields', () => assert.deepEqual(logAttributes({ file: 'a' }), { file: 'a' }));
});
