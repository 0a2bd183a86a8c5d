/** A trace of an upload in OTLP JSON, with waits, a second attempt and events. */

export const traceIdOf = (index: number): string => (index + 1).toString(16).padStart(32, 'a');

interface FakeSpan {
  readonly id: number;
  readonly parent?: number;
  readonly name: string;
  readonly kind: number;
  /** Milliseconds from the begin of the trace. */
  readonly from: number;
  readonly to: number;
  readonly attributes?: Record<string, string | number | boolean>;
  readonly events?: readonly (readonly [name: string, millis: number])[];
  readonly isError?: boolean;
}

const SPANS: readonly FakeSpan[] = [
  {
    id: 1,
    name: 'PUT /uploads/{key}',
    kind: 2,
    from: 0,
    to: 2_400,
    attributes: {
      'http.request.method': 'PUT',
      'http.response.status_code': 200,
      'mizuchi.headers_wait_seconds': 0.03,
    },
    events: [
      ['upload.first_byte_received', 120],
      ['upload.last_byte_received', 1_700],
    ],
  },
  { id: 2, parent: 1, name: 'auth.verify', kind: 1, from: 31, to: 55, attributes: { 'auth.method': 'jwt' } },
  { id: 3, parent: 1, name: 'authz.decide', kind: 1, from: 55, to: 110, attributes: { 'authz.decision': 'allow' } },
  {
    id: 4,
    parent: 3,
    name: 'authz.opa',
    kind: 3,
    from: 58,
    to: 108,
    attributes: { 'authz.connection_wait_seconds': 0.012 },
  },
  {
    id: 5,
    parent: 1,
    name: 's3.upload',
    kind: 1,
    from: 112,
    to: 2_390,
    attributes: {
      'upload.way': 'streamed',
      'upload.size_bytes': 67_108_864,
      'upload.outcome': 'stored',
      'upload.client_wait_seconds': 0.9,
      'upload.store_wait_seconds': 0.5,
      'upload.connection_wait_seconds': 0.14,
      's3.retry_wait_seconds': 0.2,
    },
  },
  {
    id: 6,
    parent: 5,
    name: 'aws.s3.put_object',
    kind: 3,
    from: 260,
    to: 700,
    isError: true,
    attributes: { 'http.response.status_code': 503, 'error.type': 'store_unavailable' },
    events: [['s3.first_byte_sent', 300]],
  },
  {
    id: 7,
    parent: 5,
    name: 'aws.s3.put_object',
    kind: 3,
    from: 900,
    to: 2_380,
    attributes: { 'http.response.status_code': 200, 'http.request.resend_count': 1 },
    events: [
      ['s3.first_byte_sent', 910],
      ['s3.last_byte_sent', 1_730],
      ['s3.response_headers_received', 2_370],
    ],
  },
];

/** @param begin Unix time in milliseconds. */
export function fakeTrace(traceId: string, begin: number, userAgent = 'aws-cli/2.31'): string {
  const nano = (millis: number): string => `${begin + millis}000000`;
  const spanId = (id: number): string => String(id).padStart(16, '0');
  const spans = SPANS.map((span) => ({
    traceId,
    spanId: spanId(span.id),
    ...(span.parent !== undefined && { parentSpanId: spanId(span.parent) }),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: nano(span.from),
    endTimeUnixNano: nano(span.to),
    attributes: attributesOf({
      ...span.attributes,
      ...(span.parent === undefined && { 'user_agent.original': userAgent }),
    }),
    events: (span.events ?? []).map(([name, millis]) => ({ name, timeUnixNano: nano(millis), attributes: [] })),
    links: [],
    status: span.isError ? { code: 2, message: 'The store responded with status 503.' } : {},
  }));
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: 'mizuchi' }, spans }] }],
  });
}

const attributesOf = (attributes: Record<string, string | number | boolean>): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: otlpValue(value) }));

function otlpValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
