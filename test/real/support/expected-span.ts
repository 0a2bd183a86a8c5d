/** What a span must say, compared with what Jaeger tells of it: every tag, with its type, and no tag besides. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SPANS } from '../../../src/tracing/catalogue.ts';
import type { JaegerSpan, JaegerTag, JaegerTrace } from './jaeger.ts';

export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version;

/** A value, or what must be true of it. */
type Wanted = unknown | ((value: never) => boolean);
export type WantedTags = Readonly<Record<string, readonly [type: JaegerTag['type'], value: Wanted]>>;

export const string = (value: Wanted) => ['string', value] as const;
export const int = (value: Wanted) => ['int64', value] as const;
export const double = (value: Wanted) => ['float64', value] as const;
export const bool = (value: Wanted) => ['bool', value] as const;

/** Some text; which one is not in our hands. */
export const some = string((text: string) => text.length > 0);
export const somePort = int((port: number) => port > 0 && port < 65_536);
/** A duration of a request in seconds: none here takes a minute. */
export const someSeconds = double((seconds: number) => seconds >= 0 && seconds < 60);

/** Tags that depend on the connection that is free, and on the network. */
const BY_CHANCE: WantedTags = {
  'mizuchi.headers_wait_seconds': someSeconds,
  's3.connection_wait_seconds': someSeconds,
  's3.connect_seconds': someSeconds,
};

export interface WantedSpan {
  readonly name: string;
  /** The description of the status Error, which may be empty; undefined where the status is not Error. */
  readonly error?: string | undefined;
  readonly tags: WantedTags;
  /** The span that it has a link to, if it has one. */
  readonly link?: { readonly traceID: string; readonly spanID: string } | undefined;
}

const ANONYMOUS: WantedSpan = {
  name: 'auth.verify',
  tags: { 'auth.method': string('anonymous'), 'auth.result': string('accepted') },
};

/** Where the spans of one request hang. */
export interface Caller {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
}

/**
 * The spans of one request, from the outside in: each the only child of the one before and inside of it; beside the second
 * is the `auth.verify` of a bucket that asks nobody who they are.
 * @param root the request's `http.server.request`.
 */
export function assertRequest(
  trace: JaegerTrace,
  root: JaegerSpan,
  caller: Caller,
  wanted: readonly WantedSpan[],
): void {
  const childrenOf = ({ spanID }: JaegerSpan): JaegerSpan[] =>
    trace.spans.filter(({ references }) => references[0]?.spanID === spanID && references[0].refType === 'CHILD_OF');
  let [outer, parentId]: [JaegerSpan | undefined, string] = [undefined, caller.spanId];
  let found = [root];
  for (const span of wanted) {
    assert.equal(found.length, 1, `${span.name} stands once`);
    const [inner] = found as [JaegerSpan];
    assertSpan(inner, span, parentId, caller.traceState);
    if (outer !== undefined) assertNested(outer, inner);
    [outer, parentId] = [inner, inner.spanID];
    found = childrenOf(inner);
    if (inner !== root) continue;
    const auth = found.filter(({ operationName }) => operationName === ANONYMOUS.name);
    assert.equal(auth.length, 1, 'it was asked once who is there');
    assertSpan(auth[0]!, ANONYMOUS, root.spanID, caller.traceState);
    assertNested(root, auth[0]!);
    found = found.filter((span) => span !== auth[0]);
  }
  assert.deepEqual(found, [], 'there are no further spans');
}

function assertSpan(span: JaegerSpan, wanted: WantedSpan, parentId: string, traceState: string | undefined): void {
  assert.equal(span.operationName, wanted.name);
  const parent = { refType: 'CHILD_OF', traceID: span.traceID, spanID: parentId };
  const link = wanted.link === undefined ? [] : [{ refType: 'FOLLOWS_FROM', ...wanted.link }];
  assert.deepEqual(span.references, [parent, ...link], wanted.name);
  assertEvents(span, wanted.name);
  assertTags(span, {
    ...wanted.tags,
    'span.kind': string(kindOf(wanted.name)),
    'otel.scope.name': string('mizuchi-uploadr'),
    'otel.scope.version': string(VERSION),
    ...(traceState !== undefined && { 'w3c.tracestate': string(traceState) }),
    ...(wanted.error !== undefined && { error: bool(true), 'otel.status_code': string('ERROR') }),
    ...(wanted.error && { 'otel.status_description': string(wanted.error) }),
  });
}

/** The events of its kind of span, in their order; a response has come after the whole request. */
function assertEvents({ logs, tags }: JaegerSpan, name: string): void {
  const known = Object.keys(SPANS[name]?.events ?? {});
  const seen = logs.toSorted((a, b) => a.timestamp - b.timestamp).map(({ fields }) => fields[0]?.value as string);
  assert.deepEqual(
    seen,
    known.filter((event) => seen.includes(event)),
    name,
  );
  if (!name.startsWith('aws.s3.') || !tags.some(({ key }) => key === 'http.response.status_code')) return;
  assert.deepEqual(seen.slice(-2), ['s3.last_byte_sent', 's3.response_headers_received']);
}

/** The outermost is a SERVER, the attempts at the store are CLIENTs. */
function kindOf(name: string): string {
  if (name === 'http.server.request') return 'server';
  return name.startsWith('aws.s3.') ? 'client' : 'internal';
}

function assertTags(span: JaegerSpan, wanted: WantedTags): void {
  const where = `${span.operationName} of ${span.traceID}`;
  const all = { ...BY_CHANCE, ...wanted };
  const keys = span.tags.map(({ key }) => key).filter((key) => !(key in BY_CHANCE));
  assert.deepEqual(keys.sort(), Object.keys(wanted).sort(), where);
  for (const { key, type, value } of span.tags) {
    const [wantedType, wantedValue] = all[key]!;
    assert.equal(type, wantedType, `type of ${key} in ${where}`);
    if (typeof wantedValue === 'function') assert.ok(wantedValue(value), `${key} is ${value} in ${where}`);
    else assert.equal(value, wantedValue, `${key} in ${where}`);
  }
}

/** Microseconds by which an end may be off: start and duration are each cut to whole ones. */
const ROUNDING = 2;

/** A child lies within its parent. */
function assertNested(parent: JaegerSpan, child: JaegerSpan): void {
  const where = `${child.operationName} in ${parent.operationName}`;
  assert.ok(child.startTime >= parent.startTime - ROUNDING, `${where} begins too early`);
  const late = child.startTime + child.duration - (parent.startTime + parent.duration);
  assert.ok(late <= ROUNDING, `${where} ends ${late} µs too late`);
}
