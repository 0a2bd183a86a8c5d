/**
 * Every span of the gateway and every attribute on it: the source of the encoder's types, of the older names and of
 * docs/TRACING.md. A test compares it with the spans that a collector receives.
 */
import { SCHEMES } from '../auth/schemes.ts';
import { ENGINES } from '../authz/engines.ts';
import { OPERATION_ROWS } from '../domain/operation.ts';
import { ENGINE } from './engine-attributes.ts';
import { KEY_SET } from './key-set-attributes.ts';
import { ERROR_DETAIL, ERROR_REASON } from './outcome-attributes.ts';
import { REQUEST_EVENTS, type SpanEvents, STORE_EVENTS } from './span-events.ts';
import { STORE } from './store-attributes.ts';
import { WAIT_ATTRIBUTES, WAY_ATTRIBUTES } from './upload-attributes.ts';

export interface AttributeShape {
  readonly type: 'string' | 'int' | 'double' | 'boolean';
  /** UCUM unit of a number that has one. */
  readonly unit?: 's' | 'By';
  /** `always`, or its condition. */
  readonly when: string;
  readonly prose: string;
  /** Its name before the conventions became stable; set with `semantic_conventions` dup or legacy. */
  readonly legacy?: string;
}

export interface SpanShape {
  readonly kind: 'server' | 'internal' | 'client';
  readonly prose: string;
  readonly attributes: Readonly<Record<string, AttributeShape>>;
  readonly events?: SpanEvents;
}

type Attributes = Readonly<Record<string, AttributeShape>>;

const waited = (prose: string) => ({ type: 'double', unit: 's', when: 'if it waited', prose }) as const;

const ERROR_TYPE = {
  'error.type': {
    type: 'string',
    when: 'on failure',
    prose: 'Why it failed: one of the types in docs/errors.md.',
  },
} as const satisfies Attributes;

const FAILED = { ...ERROR_TYPE, ...ERROR_REASON } as const;

const ROOT = {
  'http.request.method': {
    type: 'string',
    when: 'always',
    prose: 'Method of the request; `_OTHER` for an unknown one.',
    legacy: 'http.method',
  },
  'http.request.method_original': {
    type: 'string',
    when: 'with `_OTHER`',
    prose: 'The method as sent.',
  },
  'url.path': {
    type: 'string',
    when: 'always',
    prose: 'Path as sent, percent-encoding included. Before: together with the query as `http.target`.',
  },
  'url.query': {
    type: 'string',
    when: 'if there is one',
    prose: 'Query as sent, with `REDACTED` for values that may be secret.',
  },
  'url.scheme': {
    type: 'string',
    when: 'always',
    prose: '`http` or `https`, as spoken by the client itself.',
    legacy: 'http.scheme',
  },
  'http.route': {
    type: 'string',
    when: 'if a bucket has the path',
    prose: 'Path prefix of the bucket, followed by `/{key}`.',
  },
  'http.response.status_code': {
    type: 'int',
    when: 'if the client got a response',
    prose: 'Status of the response.',
    legacy: 'http.status_code',
  },
  'http.request.body.size': {
    type: 'int',
    unit: 'By',
    when: 'with Content-Length',
    prose: 'Length of the body on the wire, framing included.',
    legacy: 'http.request_content_length',
  },
  'mizuchi.headers_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it took 1 ms',
    prose:
      'Time from the first byte of the request to the end of its headers: long if the client or its network is slow.',
  },
  'http.request.turn_wait_seconds': waited(
    'How long a pipelined request, with its headers read, waited for the response to the one before it.',
  ),
  'server.address': {
    type: 'string',
    when: 'always',
    prose: 'Host that the client addressed, from the Host header; without one, the address of the gateway.',
    legacy: 'net.host.name',
  },
  'server.port': {
    type: 'int',
    when: 'always',
    prose: 'Port from the Host header, or the default port of the scheme; without Host, the port of the gateway.',
    legacy: 'net.host.port',
  },
  'client.address': {
    type: 'string',
    when: 'always',
    prose: 'Address of the client, as far as the proxies before the gateway are trusted.',
    legacy: 'http.client_ip',
  },
  'network.peer.address': {
    type: 'string',
    when: 'always',
    prose: 'Address at the other end of the connection.',
    legacy: 'net.peer.ip',
  },
  'network.peer.port': {
    type: 'int',
    when: 'always',
    prose: 'Port at the other end of the connection.',
    legacy: 'net.peer.port',
  },
  'network.protocol.version': {
    type: 'string',
    when: 'always',
    prose: 'Version of HTTP, such as `1.1`.',
    legacy: 'http.flavor',
  },
  'user_agent.original': {
    type: 'string',
    when: 'if it was sent',
    prose: 'The User-Agent header.',
    legacy: 'http.user_agent',
  },
  'user.hash': {
    type: 'string',
    when: 'if the caller is known',
    prose: 'Keyed hash of the subject; equal for equal subjects. See `tracing.subject`.',
  },
  'user.id': { type: 'string', when: 'with `tracing.subject: plain`', prose: 'The subject itself.' },
  'mizuchi.request_id': {
    type: 'string',
    when: 'always',
    prose:
      'The id of the request, from the gateway; `request_id` of the log line. The client gets it if the store sent none.',
  },
  'mizuchi.bucket': {
    type: 'string',
    when: 'on failure, if known',
    prose: 'Name of the bucket in the configuration, also of a refused request.',
  },
  's3.operation': {
    type: 'string',
    when: 'on failure, if known',
    prose: 'S3 operation that the request names, also one that the gateway does not have.',
  },
  ...FAILED,
  ...ERROR_DETAIL,
  's3.error.code': {
    type: 'string',
    when: 'on failure with a response',
    prose: 'S3 error code that the client received.',
  },
  's3.error.message': { type: 'string', when: 'on failure', prose: 'The error in words, as in the response.' },
  'sampling.reason': {
    type: 'string',
    when: 'always',
    prose:
      'Why this trace is kept: `always`, `ratio`, `root_ratio` (it began here), `parent_sampled` (decided by the caller, or by the request that began the multipart upload). Tail sampling (`sampling.keep`) adds `kept_error`, `kept_denied`, `kept_slow`, `kept_large`.',
  },
} as const satisfies Attributes;

const MULTIPART = {
  'aws.s3.upload_id': {
    type: 'string',
    when: 'on multipart operations',
    prose: 'The upload id as the store knows it.',
  },
  'aws.s3.part_number': { type: 'int', when: 'on UploadPart', prose: 'Number of the part.' },
} as const satisfies Attributes;

const UPLOAD = {
  'mizuchi.bucket': {
    type: 'string',
    when: 'always',
    prose: 'Name of the bucket in the configuration, which clients use.',
  },
  's3.bucket': { type: 'string', when: 'always', prose: 'Name of the bucket at the store, as in `aws.s3.bucket`.' },
  's3.key': { type: 'string', when: 'always', prose: 'Key of the object, decoded.' },
  's3.operation': { type: 'string', when: 'always', prose: 'S3 operation, such as `PutObject`.' },
  'upload.method': { type: 'string', when: 'always', prose: '`single` or `multipart`.' },
  ...WAY_ATTRIBUTES,
  'upload.size_bytes': {
    type: 'int',
    unit: 'By',
    when: 'with object bytes',
    prose: 'Length of the object or part that the client declared, framing excluded.',
  },
  'upload.received_bytes': {
    type: 'int',
    unit: 'By',
    when: 'with object bytes',
    prose: 'Object bytes that arrived; less than declared if the upload was aborted.',
  },
  'upload.parts': {
    type: 'int',
    when: 'on CompleteMultipartUpload, and in parts',
    prose: 'Number of parts in the list; in an upload that the gateway splits, the parts that it began to send.',
  },
  'upload.zero_copy': {
    type: 'boolean',
    when: 'with object bytes',
    prose: 'Whether the kernel moved the body without copying it into the process.',
  },
  ...WAIT_ATTRIBUTES,
  ...MULTIPART,
  ...FAILED,
} as const satisfies Attributes;

const AUTH_METHODS = SCHEMES.flatMap(({ methods }) => Object.entries(methods))
  .map(([name, note]) => `\`${name}\`${note === undefined ? '' : ` (${note})`}`)
  .join(', ');

const AUTH = {
  'auth.method': {
    type: 'string',
    when: 'always',
    prose: `${AUTH_METHODS}, \`anonymous\`, or \`none\` where required credentials were missing.`,
  },
  'auth.result': {
    type: 'string',
    when: 'always',
    prose: '`accepted`, `refused`, or `unavailable` where the check failed.',
  },
  'auth.reason': {
    type: 'string',
    when: 'on failure',
    prose: 'The reason, in one word and in more detail than in the response.',
  },
  'auth.key_id_hash': {
    type: 'string',
    when: 'with a key',
    prose: 'Keyed hash of the access key, or of the `kid` of the token.',
  },
  'auth.jwks': {
    type: 'string',
    when: 'with a token of a provider',
    prose: "Source of the provider's keys: `cached`, `fetched`, or `stale` while it is unreachable.",
  },
  'auth.jwks_wait_seconds': waited(
    'How long the request waited for a fetch of keys; `auth.fetch_keys` may be in another trace.',
  ),
  ...ERROR_TYPE,
} as const satisfies Attributes;

const AUTHZ = {
  'authz.decision': {
    type: 'string',
    when: 'always',
    prose: '`allow`, `deny`, or `error` where an engine returned no decision.',
  },
  'authz.reason': { type: 'string', when: 'always', prose: "The engine's reason, or ours. It is not in the response." },
  'authz.breaker': {
    type: 'string',
    when: 'if no call was made for it',
    prose: '`open`: the circuit breaker sends no queries for some seconds, because the last ones failed.',
  },
  'authz.cached': { type: 'boolean', when: 'with a decision', prose: 'Whether the decision came from the cache.' },
  ...ERROR_TYPE,
} as const satisfies Attributes;

const client = (name: string, prose: string, attributes: Attributes, events?: SpanEvents): [string, SpanShape] => {
  return [name, { kind: 'client', prose, attributes, ...(events && { events }) }];
};
const ENGINE_SPANS = ENGINES.map(({ name, title }) =>
  client(`authz.${name}`, `One call to ${title}.`, { ...ENGINE, ...FAILED }),
);
const ATTEMPT = { ...STORE, ...MULTIPART, ...FAILED };
const STORE_SPANS = OPERATION_ROWS.map(([name, { span }]) =>
  client(span, `One attempt at ${name} at the store.`, ATTEMPT, STORE_EVENTS),
);

export const SPANS: Readonly<Record<string, SpanShape>> = {
  'http.server.request': {
    kind: 'server',
    prose:
      'The whole request, from its first byte to the last byte of its response. Refused and aborted requests have one, too. A request of a multipart upload without trace context is a child of the request that began the upload. One with trace context has a link to it. Status Error where the gateway or the store failed or the client got no response; a refusal leaves it unset.',
    attributes: ROOT,
    events: REQUEST_EVENTS,
  },
  'auth.verify': {
    kind: 'internal',
    prose: 'Authentication. Uses headers, query and form fields; the body has not been read.',
    attributes: AUTH,
  },
  'auth.fetch_keys': {
    kind: 'client',
    prose:
      'One request for the key set of an identity provider (JWKS). Other requests may wait for the same fetch. A fetch in the background may end after its trace.',
    attributes: { ...KEY_SET, ...FAILED },
  },
  'authz.check': {
    kind: 'internal',
    prose: 'Authorization, where the bucket has a policy engine; with several, all must allow.',
    attributes: AUTHZ,
  },
  ...Object.fromEntries(ENGINE_SPANS),
  's3.upload': {
    kind: 'internal',
    prose: 'The S3 operation, for requests that may perform it. Status Error on every failure.',
    attributes: UPLOAD,
  },
  ...Object.fromEntries(STORE_SPANS),
};

const allAttributes = Object.values(SPANS).flatMap(({ attributes }) => Object.entries(attributes));

/** Attributes whose numbers are doubles even where they are integral. */
export const DOUBLE_ATTRIBUTES: ReadonlySet<string> = new Set(
  allAttributes.filter(([, { type }]) => type === 'double').map(([name]) => name),
);
