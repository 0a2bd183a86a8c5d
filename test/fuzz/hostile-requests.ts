/** Whole requests with text in every place that a stranger can fill: for the running server. One character is one byte. */

export interface Hostile {
  readonly what: string;
  /** Repeated, they are the text. */
  readonly pieces: readonly string[];
  request(text: string): string;
}

const DAY = new Date().toISOString().slice(0, 10).replaceAll('-', '');
const NOW = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
const SCOPE = `${DAY}/us-east-1/s3/aws4_request`;

/** A request whose answer ends the connection. */
export function requestOf(method: string, target: string, headers: readonly string[], body = ''): string {
  const lines = ['host: x', 'connection: close', `content-length: ${body.length}`, ...headers];
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Signed by a key that the server knows, with a signature that is wrong: all of it is read nevertheless. */
const signedWith = (signed: string): string[] => [
  `x-amz-date: ${NOW}`,
  'x-amz-content-sha256: UNSIGNED-PAYLOAD',
  `authorization: AWS4-HMAC-SHA256 Credential=DEV/${SCOPE}, SignedHeaders=${signed}, Signature=${'0'.repeat(64)}`,
];
const SIGNED = 'host;x-amz-content-sha256;x-amz-date';

const inHeader =
  (name: string, others: readonly string[] = []) =>
  (text: string) =>
    requestOf('PUT', name === 'authorization' || others.length > 0 ? '/closed/k' : '/open/k', [
      ...others,
      `${name}: x${text}x`,
    ]);

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  traceparent: [' ', '0-', '00-'],
  tracestate: [',', 'a=b,', ' '],
  baggage: [',', 'a=b,', '%'],
  b3: ['0', '0-'],
  'x-amzn-trace-id': [';', ' ', 'Root='],
  'x-forwarded-for': [',', ' ', '1.1.1.1,'],
  authorization: [' ', ',', 'Credential=a,', '.'],
  connection: [',', 'a,'],
  'content-type': [' ', ';', '"', '\\'],
  'content-encoding': [',', 'aws-chunked ', ' '],
  'user-agent': [' ', '\xe9', '"'],
  'x-amz-trailer': [' ', 'a,'],
};

/** What names the request itself: its target. */
export const TARGETS: readonly Hostile[] = [
  {
    what: 'the path',
    pieces: ['%3f', '%3fx-amz-', '?', '..%2f', '../', '/', '%', 'a', ';x-amz-', '%253F'],
    request: (text) => requestOf('GET', `/nosuch/${text}`, []),
  },
  {
    what: 'the query',
    pieces: ['%3f', '&', 'a&', '?', 'x-amz-meta-a=1&', '%26', ';', '='],
    request: (text) => requestOf('PUT', `/open/k?X-Amz-Signature=0&${text}`, []),
  },
];

export const HOSTILE_REQUESTS: readonly Hostile[] = [
  ...Object.entries(HEADERS).map(([name, pieces]) => ({ what: `the header ${name}`, pieces, request: inHeader(name) })),
  {
    what: 'a signed header',
    pieces: [' ', '\t', ' a', 'a'],
    request: inHeader('x-amz-meta-a', signedWith(`${SIGNED};x-amz-meta-a`)),
  },
  {
    what: 'a signed header of an object that is stored',
    pieces: [' ', '\t', 'a'],
    request: (text) => requestOf('PUT', '/open/k', [`content-disposition: x${text}x`]),
  },
  {
    what: 'many headers',
    pieces: ['tracestate: a=b\r\n', 'via: a\r\n', 'x-forwarded-for: 1\r\n', 'accept:\r\n', 'baggage: a=b\r\n'],
    request: (text) =>
      requestOf(
        'PUT',
        '/closed/k',
        text.split('\r\n').filter((line) => line.includes(':')),
      ),
  },
  {
    what: 'a preflight',
    pieces: [',', 'x-amz-a,', ' '],
    request: (text) =>
      requestOf('OPTIONS', '/closed/k', [
        'origin: https://a.example.com',
        'access-control-request-method: PUT',
        `access-control-request-headers: ${text}`,
      ]),
  },
  {
    what: 'the chunks of a body',
    pieces: ['1\r\na\r\n', '\n', ' ', '0'],
    request: (text) =>
      requestOf(
        'PUT',
        '/open/k',
        ['x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-trailer: a'],
        text,
      ),
  },
  {
    what: 'a document',
    pieces: ['<Part><PartNumber>1</PartNumber><ETag>0</ETag></Part>', '<a>', '&', ' a="b"', ' '],
    request: (text) => requestOf('POST', '/open/k?uploadId=a', [], `<CompleteMultipartUpload>${text}`),
  },
];
