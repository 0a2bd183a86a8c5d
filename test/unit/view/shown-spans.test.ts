import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OtlpTraces } from '../../../src/domain/recorded-requests.ts';
import type { Span } from '../../../src/domain/span.ts';
import type { SpanNames } from '../../../src/tracing/span-names.ts';
import { type NativeTracing, startNative } from '../../../src/tracing/start.ts';
import { RecentRequests } from '../../../src/view/recent-requests.ts';
import { ShownKeys } from '../../../src/view/shown-keys.ts';
import { type FinishedOptions, finishedRequest } from '../../support/finished-request.ts';
import { keptLog, type TracingOverrides, tracingConfig } from '../../support/tracing-config.ts';

const SECRET = Buffer.from('secret');
const HASH = /^#[0-9a-f]{16}$/;

/** No collector is needed: nothing is exported. */
const UNSAMPLED: TracingOverrides = { sampling: { strategy: 'never' } };

async function open({
  plain = false,
  ...overrides
}: TracingOverrides & { plain?: boolean; span_names?: SpanNames } = {}) {
  const { span_names = 'default', ...others } = overrides;
  const config = { ...tracingConfig('http://127.0.0.1:9', { ...UNSAMPLED, ...others }), span_names };
  const tracing = await startNative(config, { log: keptLog(), collects: true });
  const keys = new ShownKeys(SECRET, plain);
  return { tracing, keys, recent: new RecentRequests({ keys, recorded: tracing.recorded }) };
}

type Opened = Awaited<ReturnType<typeof open>>;

interface Sent {
  readonly key: string;
  readonly path?: string;
  /** Undefined for a request that was refused before it was routed. */
  readonly routed?: boolean;
  /** Of the attribute `http.route`. */
  readonly route?: string | null;
}

/** Spans as the gateway sets them, with the key in every attribute that may have it. */
function serve(
  { tracing, recent }: Opened,
  sent: Sent,
): { readonly text: string; readonly spans: ReturnType<typeof read> } {
  const { key, path = `/photos/${encodeURIComponent(key)}`, routed = true, route = '/photos/{key}' } = sent;
  const root = tracing.tracer.startRequest([], {
    'http.request.method': 'PUT',
    'url.path': path,
    'url.query': 'partNumber=1&uploadId=REDACTED',
    'user_agent.original': `curl ${JSON.stringify(key)}`,
    'mizuchi.request_id': '0123456789ABCDEF',
  });
  root.set('http.route', route ?? undefined);
  if (routed) child(root, key);
  const message = `not allowed: [${key}]`;
  root.set('s3.error.message', message);
  root.set('mizuchi.error.detail', `<Resource>[${encodeURI(key)}]</Resource>`);
  root.set('user.id', 'alice');
  root.fail('access_denied', `[${key}]`);
  root.end();
  const options: FinishedOptions = routed ? { key } : { named: { bucket: undefined, operation: undefined } };
  recent.finished(finishedRequest({ ...options, span: root }));
  const text = recent.trace(root.traceId!)!;
  return { text, spans: read(text) };
}

function child(root: Span, key: string): void {
  const upload = root.child('s3.upload', 'internal', {
    'mizuchi.bucket': 'photos',
    's3.bucket': 'store',
    's3.key': key,
  });
  const check = upload.child('authz.check', 'internal', {
    'authz.reason': `no rule for [${key}]`,
    'authz.cached': false,
  });
  check.end();
  const attempt = upload.child('aws.s3.put_object', 'client', { 'aws.s3.bucket': 'store', 'aws.s3.key': key });
  attempt.fail('store_error', `The key [${key}] is reserved.`);
  attempt.end();
  upload.end();
}

/** The attributes of each span by its name, with the description of its status as `status`. */
function read(text: string) {
  const traces = JSON.parse(text) as OtlpTraces;
  const spans = traces.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((group) => group.spans));
  const entries = spans.map((span) => {
    const attributes = (span.attributes ?? []).map(
      ({ key, value }) => [key, value.stringValue ?? value.intValue] as const,
    );
    return [
      (span as { name?: string }).name!,
      { ...Object.fromEntries(attributes), status: span.status?.message },
    ] as const;
  });
  return Object.fromEntries(entries) as Record<string, Record<string, string | undefined>>;
}

const HOSTILE = [
  'patients/alice (2026).pdf',
  'größe/日本/😀.bin',
  '"quoted"\\and\\escaped',
  "it's <b>&amp; bold</b>",
  '.*+?^$()|[]{}',
  '100%41%2f%25',
  'photos',
  'PutObject',
  'store',
  'k',
  '%',
];

describe('the spans of the view', () => {
  let opened: Opened;
  before(async () => void (opened = await open()));
  after(() => opened.tracing.shutdown(1_000));

  for (const key of HOSTILE) {
    it(`have a hash in the places of the key ${JSON.stringify(key.slice(0, 30))}`, () => {
      const hash = opened.keys.key(key);
      assert.match(hash, HASH);
      const { spans } = serve(opened, { key });
      const {
        'http.server.request': root,
        's3.upload': upload,
        'aws.s3.put_object': attempt,
        'authz.check': check,
      } = spans;
      assert.equal(root!['url.path'], `/photos/${hash}`);
      assert.equal(root!['url.query'], 'partNumber=1&uploadId=REDACTED');
      assert.equal(root!['http.route'], '/photos/{key}');
      assert.equal(root!['user_agent.original'], `curl "${hash}"`);
      assert.equal(root!['s3.error.message'], `not allowed: [${hash}]`);
      assert.equal(root!['mizuchi.error.detail']!, `<Resource>[${hash}]</Resource>`);
      assert.equal(root!.status, `[${hash}]`);
      assert.equal(root!['mizuchi.request_id'], '0123456789ABCDEF');
      assert.deepEqual([upload!['s3.key'], attempt!['aws.s3.key']], [hash, hash]);
      assert.deepEqual(
        [upload!['mizuchi.bucket'], upload!['s3.bucket'], attempt!['aws.s3.bucket']],
        ['photos', 'store', 'store'],
      );
      assert.equal(check!['authz.reason'], `no rule for [${hash}]`);
      assert.equal(attempt!.status, `The key [${hash}] is reserved.`);
    });
  }

  it('have no part of a long key, whose values are truncated', () => {
    for (const key of ['x'.repeat(1_024), '長'.repeat(341)]) {
      const { text } = serve(opened, { key });
      assert.doesNotMatch(text, /x{3}|長{2}|%E9%95%B7|\\u9577/i);
    }
  });

  it('have a hash in the places of a key with a credential, which the recorder redacts', () => {
    const key = 'patients/alice?X-Amz-Signature=0123456789abcdef&x=1';
    const { text, spans } = serve(opened, { key });
    assert.equal(spans['s3.upload']!['s3.key'], opened.keys.key(key));
    assert.equal(spans['http.server.request']!['s3.error.message'], `not allowed: [${opened.keys.key(key)}]`);
    assert.doesNotMatch(text, /patients|alice|0123456789abcdef"/);
  });

  it('have the pseudonym of the caller, not the subject', () => {
    const { text, spans } = serve(opened, { key: 'report' });
    assert.doesNotMatch(text, /alice/);
    assert.equal(spans['http.server.request']!['user.id'], undefined);
    assert.equal(spans['http.server.request']!['user.hash'], opened.keys.caller('alice'));
  });

  it('have nothing behind the bucket of a request that was refused before it had a key', () => {
    const key = 'patients/../alice.pdf';
    const { text, spans } = serve(opened, { key, routed: false, path: '/photos/patients/..%2falice.pdf' });
    assert.equal(spans['http.server.request']!['url.path'], `/photos/${opened.keys.key(key)}`);
    assert.equal(spans['http.server.request']!['s3.error.message'], `not allowed: [${opened.keys.key(key)}]`);
    assert.doesNotMatch(text, /patients|alice/);
  });

  it('have no path where that names no bucket', () => {
    for (const path of ['/patients/alice.pdf', '/patients%2Falice.pdf', '/patients/alice.pdf%', 'patients/alice.pdf']) {
      const { text, spans } = serve(opened, { key: 'patients/alice.pdf', routed: false, path, route: null });
      assert.match(spans['http.server.request']!['url.path']!, /^\/#[0-9a-f]{16}$/);
      assert.doesNotMatch(spans['http.server.request']!['url.path']!, /patients|alice/);
      if (!path.endsWith('%')) assert.doesNotMatch(text, /patients|alice/);
    }
  });

  it('have the path of a request about a bucket', () => {
    for (const path of ['/photos', '/photos/']) {
      const { spans } = serve(opened, { key: 'unused', routed: false, path });
      assert.equal(spans['http.server.request']!['url.path'], path);
    }
  });

  it('have a hash in the path of a bucket in the host name', () => {
    const { spans } = serve(opened, { key: 'patients/alice', path: '/patients/alice' });
    assert.equal(spans['http.server.request']!['url.path'], `/photos/${opened.keys.key('patients/alice')}`);
  });
});

describe('the spans of the view with other settings', () => {
  const tracings: NativeTracing[] = [];
  after(() => Promise.all(tracings.map((tracing) => tracing.shutdown(1_000))));

  async function started(options: Parameters<typeof open>[0]): Promise<Opened> {
    const opened = await open(options);
    tracings.push(opened.tracing);
    return opened;
  }

  it('hide the key in the older attributes as well', async () => {
    for (const semantic_conventions of ['legacy', 'dup'] as const) {
      const opened = await started({ semantic_conventions, span_names: 'semconv' });
      const { text, spans } = serve(opened, { key: 'patients/alice' });
      const root = spans['PUT /photos/{key}']!;
      assert.equal(root['http.target'], `/photos/${opened.keys.key('patients/alice')}?partNumber=1&uploadId=REDACTED`);
      assert.doesNotMatch(text, /patients|alice/);
    }
  });

  it('hide a truncated key', async () => {
    const opened = await started({ limits: { attribute_value_length_limit: 20 } });
    const { text, spans } = serve(opened, { key: 'patients/alice/reports/2026.pdf' });
    assert.equal(spans['s3.upload']!['s3.key'], opened.keys.key('patients/alice/reports/2026.pdf'));
    assert.doesNotMatch(text, /alice/);
  });

  it('show the key where that is configured, but never the subject', async () => {
    const opened = await started({ plain: true });
    const { text, spans } = serve(opened, { key: 'reports/2026.pdf' });
    const { 'http.server.request': root, 's3.upload': upload } = spans;
    assert.deepEqual([root!['url.path'], upload!['s3.key']], ['/photos/reports%2F2026.pdf', 'reports/2026.pdf']);
    assert.doesNotMatch(text, /alice/);
  });

  it('have the number of missing spans', async () => {
    const opened = await started({});
    const root = opened.tracing.tracer.startRequest([], {});
    for (let i = 0; i < 1_010; i++) root.child('aws.s3.put_object', 'client').end();
    root.end();
    opened.recent.finished(finishedRequest({ span: root }));
    const spans = read(opened.recent.trace(root.traceId!)!);
    assert.match(spans['http.server.request']!['mizuchi.view.spans_left_out']!, /^\d{2,3}$/);
  });
});
