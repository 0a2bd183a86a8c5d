import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Exposition, expose } from '../../../src/metrics/exposition.ts';
import { Registry } from '../../../src/metrics/registry.ts';

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function filled(): Registry {
  const registry = new Registry();
  registry.add('mizuchi_uploads', ['a"b\\c\nd', 'PutObject', 'success'], 2, trace);
  registry.observe('mizuchi_upload_duration_seconds', ['b', 'PutObject'], 0.02, trace);
  registry.observe('mizuchi_upload_duration_seconds', ['b', 'PutObject'], 99_999);
  return registry;
}

const textOf = ({ body }: Exposition): string => String(body);

describe('expose', () => {
  it('gives Prometheus text without exemplars, whatever the request before', () => {
    const registry = filled();
    const first = textOf(expose(registry, ''));
    expose(registry, 'application/openmetrics-text');
    const exposition = expose(registry, 'text/plain');
    const text = textOf(exposition);
    assert.equal(exposition.contentType, 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(text, first);
    assert.match(text, /^# TYPE mizuchi_uploads_total counter$/m);
    assert.match(text, /^mizuchi_uploads_total\{bucket="a\\"b\\\\c\\nd",operation="PutObject",result="success"\} 2$/m);
    assert.match(text, /^mizuchi_upload_duration_seconds_bucket\{bucket="b",operation="PutObject",le="0.025"\} 1$/m);
    assert.match(text, /^mizuchi_upload_duration_seconds_bucket\{bucket="b",operation="PutObject",le="\+Inf"\} 2$/m);
    assert.match(text, /^mizuchi_upload_duration_seconds_count\{bucket="b",operation="PutObject"\} 2$/m);
    assert.doesNotMatch(text, /trace_id|# EOF/);
  });

  it('gives OpenMetrics with exemplars where the scraper prefers it', () => {
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';
    const exposition = expose(filled(), accept);
    const text = textOf(exposition);
    assert.equal(exposition.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.match(text, /^# TYPE mizuchi_uploads counter$/m);
    const exemplar = `# \\{trace_id="${trace.traceId}",span_id="${trace.spanId}"\\} 0\\.02 \\d+\\.\\d{3}$`;
    assert.match(text, new RegExp(`le="0.025"\\} 1 ${exemplar}`, 'm'));
    assert.ok(text.endsWith('# EOF\n'));
  });

  it('has as exemplar the first value since everything was looked at last, and that until there is another', () => {
    const registry = new Registry();
    const accept = 'application/openmetrics-text';
    const shown = (): string[] =>
      [...textOf(expose(registry, accept)).matchAll(/trace_id="(.)/g)].map(([, digit]) => digit!);
    const add = (digit: string): void =>
      registry.add('mizuchi_uploads', ['b', 'PutObject', 'success'], 1, {
        traceId: digit.repeat(32),
        spanId: 'f'.repeat(16),
      });
    add('1');
    add('2');
    assert.deepEqual(shown(), ['1']);
    assert.deepEqual(shown(), ['1']);
    add('3');
    add('4');
    assert.deepEqual(shown(), ['3']);
  });

  it('prefers text where the Accept header does', () => {
    const { contentType } = expose(filled(), 'text/plain;q=0.9,application/openmetrics-text;q=0.1');
    assert.match(contentType, /^text\/plain/);
  });
});
