/** Parsers of text from other servers (stores, engines, collectors, callers' tracing), and writers of such text. */
import { documentOf } from '../../../src/authz/engine-client.ts';
import { EngineError } from '../../../src/authz/engine-error.ts';
import { Failure } from '../../../src/domain/failure.ts';
import { readPartialSuccess, readStatusMessage } from '../../../src/export/otlp/otlp-request.ts';
import { statusIn } from '../../../src/export/thread/grpc-status.ts';
import { printable } from '../../../src/export/thread/result.ts';
import { retryAfterMillis, retryInfoMillis } from '../../../src/export/thread/retry-after.ts';
import { readFields } from '../../../src/kit/protobuf.ts';
import { escapeXml } from '../../../src/kit/xml.ts';
import { prettyLine } from '../../../src/logging/pretty.ts';
import { expose } from '../../../src/metrics/exposition.ts';
import { Registry } from '../../../src/metrics/registry.ts';
import { proxiedRequestOf } from '../../../src/rehearsal/faults/fault-chooser.ts';
import { elementOf } from '../../../src/s3/store-document.ts';
import { failureOfResponse, readStoreError } from '../../../src/s3/store-error.ts';
import { errorReply } from '../../../src/server/error-reply.ts';
import { choosePropagator, type PropagatorName } from '../../../src/tracing/propagation/choose-propagator.ts';
import { NOTHING } from '../../../src/tracing/propagation/propagator.ts';
import { documentForClient } from '../../../src/upload/client-document.ts';
import { KeyText } from '../../../src/view/key-text.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';
import { asItIs, isRangeError, type Parser } from './parser.ts';

const REGISTRY = new Registry();
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SPAN = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
const PROPAGATORS: readonly [PropagatorName, header: string, others: readonly string[], pieces: readonly string[]][] = [
  ['tracecontext', 'traceparent', [], [' ', '0', '-', '00-', CALLER, '\t', ',']],
  ['tracecontext', 'tracestate', ['traceparent', CALLER], [',', ' ', 'a=b,', '=', 'a', 'a=', '\t', 'a= b']],
  ['baggage', 'baggage', [], [',', 'a=b,', ' ', '%', '%41', ';', 'a=b;c=d,', '=']],
  ['b3', 'b3', [], ['0', 'a', '-', `${'a'.repeat(32)}-`, `${'a'.repeat(16)}-${'b'.repeat(16)}-`, '1']],
  ['b3multi', 'x-b3-traceid', ['x-b3-spanid', 'a'.repeat(16)], ['0', 'a', ' ', ',']],
  ['xray', 'x-amzn-trace-id', [], [';', ' ', 'Root=1-', 'Root=', '=', 'Parent=a;', 'a']],
];
const propagators = PROPAGATORS.map(([name, ...rest]) => [choosePropagator([name]), ...rest] as const);

const collectors = [
  ['the status of a collector', readStatusMessage],
  ['what a collector rejects', readPartialSuccess],
  ['when a collector wants to be asked again', retryInfoMillis],
  ['fields of Protocol Buffers', (bytes: Uint8Array) => [...readFields(bytes)].length],
] as const;

/** Of a key, in several spellings. */
const KEY_PIECES = [
  'reports/Q3 ',
  'reports%2FQ3%20',
  '%25',
  '%',
  '&quot;1',
  '&',
  '\\',
  '\\u00',
  '"1".pdf',
  '1',
  '\xe2',
  '...',
];

const xml = [
  '<Bucket>',
  '<Bucket></Bucket>',
  '</Bucket>',
  '<a>',
  '</a>',
  '<a/>',
  '&amp;',
  '&#',
  ' ',
  '<!',
  '<![CDATA[',
  ' a="b"',
  '<Error>',
  'x',
  '<',
];

export const RESPONSES: readonly Parser[] = [
  {
    reads: 'a text of the live view that may contain an object key',
    files: ['view/key-text.ts'],
    frames: [asItIs, (text) => `The key ${text} was refused.`],
    pieces: KEY_PIECES,
    read: (text) => new KeyText('reports/Q3 "1".pdf').replaceIn(text, '#'),
    most: 64 * 1024, // the limit of an element in an error document
  },
  {
    reads: 'an object key that the live view hides',
    files: ['view/key-text.ts'],
    frames: [asItIs],
    pieces: KEY_PIECES,
    read: (key) => key !== '' && new KeyText(key).replaceIn(key.repeat(2), '#'),
    most: 1024,
  },
  ...propagators.flatMap(([propagator, header, others, pieces]): Parser[] => {
    const extract = (headers: readonly string[]): unknown => {
      const { caller, others } = propagator.extract(headers, NOTHING);
      return propagator.inject(caller ?? SPAN, others);
    };
    const files = ['b3', 'baggage', 'span-context', 'trace-context', 'trace-state', 'xray'].map(
      (name) => `tracing/propagation/${name}.ts`,
    );
    return [
      {
        reads: `the header ${header}`,
        files,
        frames: [asItIs, (text) => `${CALLER}-${text}`, (text) => `${CALLER}-${text}\r\n`],
        pieces,
        read: (text) => extract([...others, header, text]),
      },
      {
        reads: `many headers ${header}`,
        files: ['tracing/propagation/raw-headers.ts'],
        frames: [asItIs],
        pieces: ['a=b\n', '\n', `${CALLER}\n`],
        read: (text) => extract([...others, ...text.split('\n').flatMap((value) => [header, value])]),
      },
    ];
  }),
  {
    reads: 'an error of a store',
    files: ['s3/store-error.ts', 's3/store-document.ts'],
    frames: [
      asItIs,
      (text) => `<Error><Code>A</Code><Message>${text}</Message></Error>`,
      (text) => `<Error><Code>A</Code>${text}</Error>`,
      (text) => `<Error ${text}>`,
      (text) => `<!${text}`,
    ],
    pieces: xml,
    read: (text) => [
      readStoreError(text),
      failureOfResponse(
        { status: 400, headers: {}, body: text },
        { operation: 'PutObject', headers: {}, body: undefined, payloadHash: 'UNSIGNED-PAYLOAD' },
      ),
    ],
  },
  {
    reads: 'a document of a store',
    files: ['upload/client-document.ts', 's3/store-document.ts', 'kit/xml.ts'],
    frames: [asItIs, (text) => `<R><Bucket>${text}</Bucket></R>`],
    pieces: xml,
    read(text) {
      const request = { ...resolvedRequest(), decision: { reason: '' } };
      return [
        elementOf(text, 'Bucket'),
        escapeXml(text),
        documentForClient(text, 'ListPartsResult', request as never, 'id'),
      ];
    },
  },
  {
    reads: 'the response of a policy engine',
    files: ['authz/engine-client.ts'],
    frames: [(text) => `5${text}`, (text) => `2${text}`, (text) => `5"code":${text}`],
    pieces: ['"code":', ' ', '"eval_', '"code": "eval_a', 'a', '"', '{', '[', '\\'],
    most: 64 * 1024,
    refuses: (error) => error instanceof EngineError,
    read: (text) => documentOf(text[0] === '5' ? 500 : 200, text.slice(1)),
  },
  ...collectors.map(
    ([reads, read]): Parser => ({
      reads,
      files: ['kit/protobuf.ts', 'export/otlp/otlp-request.ts', 'export/thread/retry-after.ts'],
      frames: [asItIs],
      pieces: ['\x0a\x02\x08\x01', '\x0a\0', '\x12\x01a', '\x80', '\x1a\x04\x0a\x02aa', '\xff', '\x08\x01', '\0'],
      refuses: isRangeError,
      read: (text) => read(Buffer.from(text, 'latin1')),
    }),
  ),
  {
    reads: 'Retry-After',
    files: ['export/thread/retry-after.ts', 'export/thread/result.ts'],
    frames: [asItIs, (text) => `Fri, ${text}`],
    pieces: ['1', 'a', ' ', '(', '()', '01 Jan ', ':', '-', 'Fri, '],
    read: (text) => [retryAfterMillis(text, 0), printable(text)],
  },
  {
    reads: 'the status of a gRPC call',
    files: ['export/thread/grpc-status.ts'],
    frames: [asItIs],
    pieces: ['1', '%20', '%', '%ff', 'a', ' ', '\xe9', '=', ','],
    read: (text) => statusIn({ 'grpc-status': text, 'grpc-message': text, 'grpc-status-details-bin': text }),
  },
  {
    reads: 'the document of an error',
    files: ['server/error-reply.ts', 'kit/xml.ts'],
    frames: [asItIs],
    pieces: ['"', '&', '<', '\0', 'a', '\xe9'],
    read: (text) =>
      errorReply(
        new Failure('signature_refused', undefined, { details: { CanonicalRequest: text } }),
        text,
        'id',
        'id',
      ),
  },
  {
    reads: 'which format of metrics is wanted',
    files: ['metrics/exposition.ts'],
    frames: [asItIs, (text) => `application/openmetrics-text${text}`],
    pieces: [',', ';', ' ', 'a', ';q=1', 'text/plain,', '\t'],
    read: (text) => expose(REGISTRY, text),
  },
  {
    reads: 'a request that a rehearsal disturbs',
    files: ['rehearsal/faults/fault-chooser.ts'],
    frames: [asItIs, (text) => `/b/${text}`, (text) => `/b/k?${text}`],
    pieces: ['?', '/', '%', '%41', '&', 'a=', 'partNumber=1&'],
    read: (text) => proxiedRequestOf('PUT', text),
  },
  {
    reads: 'a log line',
    files: ['logging/pretty.ts'],
    frames: [(text) => JSON.stringify({ level: 'info', time: '', msg: text, path: text })],
    pieces: ['a', '\0', '"', '\x9f', ' '],
    read: (text) => prettyLine(text),
  },
];
