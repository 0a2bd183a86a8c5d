/**
 * The spans of a request as the view shows them: without the subject of the caller, and without its key unless keys are shown. Paths
 * and keys are replaced by rule, and the key in every other text that comes from outside, such as messages and user agents.
 */
import type { OtlpAttribute, OtlpSpan, OtlpValue } from '../domain/recorded-requests.ts';
import { percentDecode } from '../kit/percent.ts';
import { type KeyText, keyTexts } from './key-text.ts';
import type { ShownKeys } from './shown-keys.ts';

/** @param key of the object; undefined if the request was refused before the key was known. */
export function shownSpans(spans: readonly OtlpSpan[], key: string | undefined, keys: ShownKeys): OtlpSpan[] {
  const shown = keys.plain ? spans : new KeyCover(spans, key, keys).spans(spans);
  return shown.map((span) => withPseudonym(span, keys));
}

/** `tracing.subject: plain` is for the collector: the view shows pseudonyms only. */
function withPseudonym(span: OtlpSpan, keys: ShownKeys): OtlpSpan {
  if (span.attributes?.some(({ key }) => key === 'user.id') !== true) return span;
  const attributes = span.attributes.map((attribute): OtlpAttribute => {
    if (attribute.key !== 'user.id') return attribute;
    return { key: 'user.hash', value: { stringValue: keys.caller(attribute.value.stringValue ?? '') } };
  });
  return { ...span, attributes };
}

/** The number of spans that are missing, as an attribute of the SERVER span. */
export function withLeftOut(spans: readonly OtlpSpan[], leftOut: number): readonly OtlpSpan[] {
  if (leftOut === 0) return spans;
  const count: OtlpAttribute = { key: 'mizuchi.view.spans_left_out', value: { intValue: String(leftOut) } };
  return spans.map((span) =>
    span.kind === SERVER ? { ...span, attributes: [...(span.attributes ?? []), count] } : span,
  );
}

const SERVER = 2;
/** Attributes whose value is a key. */
const KEYS = new Set(['s3.key', 'aws.s3.key']);
/** Attributes with the path of the request. */
const PATHS = new Set(['url.path', 'http.target']);
/** Attributes whose values the gateway, its operator or the store chooses. A short key may be a part of one of them. */
const FIXED = new Set([
  'auth.key_id_hash',
  'auth.method',
  'auth.reason',
  'auth.result',
  'authz.breaker',
  'authz.decision',
  'aws.extended_request_id',
  'aws.request_id',
  'aws.s3.bucket',
  'aws.s3.upload_id',
  'client.address',
  'cloud.region',
  'error.reason',
  'error.type',
  'http.flavor',
  'http.method',
  'http.request.method',
  'http.route',
  'http.scheme',
  'mizuchi.bucket',
  'mizuchi.request_id',
  'network.peer.address',
  'network.protocol.version',
  'rpc.method',
  'rpc.service',
  'rpc.system',
  'rpc.system.name',
  's3.bucket',
  's3.cancellation_reason',
  's3.error.code',
  's3.operation',
  'sampling.reason',
  'upload.method',
  'upload.outcome',
  'upload.waited_for',
  'upload.way',
  'url.scheme',
  'user.hash',
]);

/** Covers the key of one request in its spans. */
class KeyCover {
  readonly #keys: ShownKeys;
  /** The path of the bucket: what the request sent before its key. Undefined if it names no bucket. */
  readonly #prefix: string | undefined;
  readonly #key: string | undefined;
  readonly #texts: readonly KeyText[];

  constructor(spans: readonly OtlpSpan[], key: string | undefined, keys: ShownKeys) {
    const root = spans.find(({ kind }) => kind === SERVER);
    const path = textOf(root, 'url.path') ?? textOf(root, 'http.target')?.replace(/\?.*/s, '') ?? '';
    this.#keys = keys;
    this.#prefix = textOf(root, 'http.route')?.replace(/\/\{key\}$/, '');
    this.#key = key ?? (this.#keyOf(path) || undefined);
    this.#texts = this.#possibleKeys().flatMap(keyTexts);
  }

  spans(spans: readonly OtlpSpan[]): OtlpSpan[] {
    return spans.map((span) => ({
      ...span,
      ...(span.attributes && { attributes: this.#attributes(span.attributes) }),
      ...(span.events && { events: span.events.map((event) => this.#event(event)) }),
      ...(span.status && { status: this.#status(span.status) }),
    }));
  }

  #event<T extends { attributes?: OtlpAttribute[] }>(event: T): T {
    return event.attributes === undefined ? event : { ...event, attributes: this.#attributes(event.attributes) };
  }

  #status<T extends { message?: string }>(status: T): T {
    return status.message === undefined ? status : { ...status, message: this.#free(status.message) };
  }

  #attributes(attributes: readonly OtlpAttribute[]): OtlpAttribute[] {
    return attributes.map(({ key, value }) => ({ key, value: this.#value(key, value) }));
  }

  #value(name: string, value: OtlpValue): OtlpValue {
    const { stringValue: text, arrayValue: list, kvlistValue: map } = value;
    if (text !== undefined) return { stringValue: this.#shown(name, text) };
    if (list?.values !== undefined)
      return { arrayValue: { values: list.values.map((each) => this.#value(name, each)) } };
    if (map?.values !== undefined) return { kvlistValue: { values: this.#attributes(map.values) } };
    return value;
  }

  #shown(name: string, text: string): string {
    if (FIXED.has(name)) return text;
    if (KEYS.has(name)) return this.#keys.key(this.#key ?? text);
    return PATHS.has(name) ? this.#target(text) : this.#free(text);
  }

  #free(text: string): string {
    return this.#texts.reduce((shown, key) => key.replaceIn(shown, this.#keys.key(this.#key!)), text);
  }

  /** Of a path without a bucket, the first segment may be one. */
  #possibleKeys(): string[] {
    const key = this.#key;
    if (key === undefined) return [];
    const rest = this.#prefix === undefined ? key.replace(/^[^/]*\/?/, '') : '';
    return rest === '' ? [key] : [key, rest];
  }

  /** A path, and a query that has no secrets. */
  #target(target: string): string {
    const mark = target.indexOf('?');
    if (mark < 0) return this.#path(target);
    return this.#path(target.slice(0, mark)) + this.#free(target.slice(mark));
  }

  #path(path: string): string {
    if (this.#keyOf(path) === '') return path;
    return `${this.#prefix ?? ''}/${this.#keys.key(this.#key!)}`;
  }

  /** Everything behind the bucket; of a path without a bucket, everything. */
  #keyOf(path: string): string {
    const prefix = this.#prefix ?? '';
    const raw = (path.startsWith(prefix) ? path.slice(prefix.length) : path).replace(/^\//, '');
    return percentDecode(raw) ?? raw;
  }
}

function textOf(span: OtlpSpan | undefined, name: string): string | undefined {
  return span?.attributes?.find(({ key }) => key === name)?.value.stringValue;
}
