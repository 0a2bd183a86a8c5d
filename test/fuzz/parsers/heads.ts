/** The first line and the headers of a request, before anybody is known. */
import type { IncomingMessage } from 'node:http';
import { credentialKinds } from '../../../src/auth/credential-kind.ts';
import { MAX_OBJECT, planBody } from '../../../src/body/body-plan.ts';
import { CorsPolicy } from '../../../src/cors/cors-policy.ts';
import { FIXED_LIMITS } from '../../../src/domain/fixed-limits.ts';
import { receivedHeaders } from '../../../src/domain/received-headers.ts';
import type { Incoming, Routed } from '../../../src/domain/stages.ts';
import { addressSet } from '../../../src/kit/address-set.ts';
import { withoutOuterBlanks } from '../../../src/kit/outer-blanks.ts';
import { percentDecode, percentEncodePath } from '../../../src/kit/percent.ts';
import { withoutCredentials } from '../../../src/kit/without-credentials.ts';
import { findKey, findRoute, type Route } from '../../../src/router/find-bucket.ts';
import { findOperation } from '../../../src/router/find-operation.ts';
import { applyQueryHeaders } from '../../../src/router/presigned-query-headers.ts';
import { isForm } from '../../../src/router/route-form.ts';
import { headersForStore } from '../../../src/s3/header-allow-list.ts';
import { toOriginForm } from '../../../src/server/absolute-form.ts';
import { clientBehind } from '../../../src/server/forwarded.ts';
import { parseProxyHeader } from '../../../src/server/proxy-header.ts';
import { readHead } from '../../../src/server/request-head.ts';
import { lineOf } from '../../../src/server/request-line.ts';
import { parseTarget } from '../../../src/server/request-target.ts';
import { addressed } from '../../../src/server/server-address.ts';
import { virtualHosts } from '../../../src/server/virtual-hosts.ts';
import { emptyListing } from '../../../src/upload/empty-listing.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';
import { asItIs, type Parser } from './parser.ts';

const bucket = { name: 'uploads', storeBucket: 'my-bucket' };
const ROUTES: readonly Route<typeof bucket>[] = [{ prefix: '/uploads', bucket }];
const TRUSTED = addressSet(['0.0.0.0/0', '::/0']);
const hostBucketOf = virtualHosts(['up.example.test', 'example.test']);
const CORS = new CorsPolicy({
  origins: ['https://*.example.com'],
  methods: ['PUT'],
  headers: ['x-amz-*', 'content-*'],
  exposed: [],
  maxAgeSeconds: 1,
  credentials: false,
});

const incoming = (changes: Partial<Incoming>): Incoming => resolvedRequest({ incoming: changes }).incoming;
/** `name: value` lines as node:http lists them. */
function rawHeadersOf(text: string): string[] {
  return text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? ['accept', line] : [line.slice(0, colon), line.slice(colon + 1)];
  });
}
const headersOf = (text: string): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, Math.max(0, colon)).toLowerCase()] = line.slice(colon + 1);
  }
  return headers;
};

export const HEADS: readonly Parser[] = [
  {
    reads: 'the request line of a request that node:http refuses',
    files: ['server/request-line.ts'],
    frames: [asItIs, (text) => `PUT ${text} HTTP/1.1\r\n`, (text) => `PUT /uploads/k?${text} HTTP/1.1\r\n`],
    pieces: ['a', 'A', ' ', '/', '?', '&', 'a=', 'a+.-', 'a://', 'http://', '\r\n', 'PUT / HTTP/1.1\r\n'],
    read: (text) => lineOf(Object.assign(new Error(), { rawPacket: Buffer.from(text, 'latin1') })),
  },
  {
    reads: 'the Host that spans show',
    files: ['server/server-address.ts'],
    frames: [asItIs, (text) => `gateway:${text}`, (text) => `${text}:80`],
    pieces: ['a', '1', ':', ':1', '@', 'a@', '[::1]', '.'],
    read: (text) => addressed(text, 'http', {}),
  },
  {
    reads: 'the target of a request',
    files: [
      'server/request-target.ts',
      'kit/percent.ts',
      'router/find-bucket.ts',
      'router/unambiguous-key.ts',
      'router/find-operation.ts',
    ],
    frames: [(text) => `/uploads/${text}`, (text) => `/uploads/k?${text}`, (text) => `/uploads/k?uploads=${text}`],
    pieces: ['%3f', '%', '%e2%82', '..%2f', '../', '/', '&', 'a&', 'x-id=', '=', '?', ';', '%00', "'", '"', 'a'],
    read(text) {
      const { path, query } = parseTarget(text);
      const target = { rawPath: path, hostBucket: undefined };
      const key = findKey(ROUTES, findRoute(ROUTES, target), target);
      return [key, percentEncodePath(key), findOperation('POST', query, true)];
    },
  },
  {
    reads: 'what spans and log lines show of a path',
    files: ['kit/without-credentials.ts', 'kit/unmangled-text.ts'],
    frames: [asItIs, (text) => `/uploads/k%3FX-Amz-Signature=${text}`],
    pieces: [
      '%3f',
      '%253f',
      '%25',
      'X-Amz-Signature=',
      'token=',
      'eyJ',
      '.',
      '&',
      'Bearer ',
      '://a:b@',
      '@',
      '%',
      'sig',
    ],
    read: (text) => withoutCredentials(text),
  },
  {
    reads: 'parameters of the query, each of another name',
    files: ['router/find-operation.ts', 'router/query-parameters.ts', 'router/presigned-query-headers.ts'],
    frames: [asItIs, (text) => `X-Amz-Signature=0&${text}`],
    pieces: ['x-amz-meta-a=1&', 'x-amz-checksum-crc32=&', 'b&', 'x-id=a&', 'x-amz-a=%0a&', 'x-amz- =1&'],
    read(text) {
      const pairs = text.split('&').map((pair, i) => {
        const [name = '', value = ''] = pair.split('=');
        return [name === 'X-Amz-Signature' ? name : `${name}${i}`, percentDecode(value) ?? ''] as const;
      });
      const { query, headers } = applyQueryHeaders(incoming({ query: pairs }));
      return [headers, findOperation('PUT', query, true)];
    },
  },
  {
    reads: 'the parameters of a listing',
    files: ['upload/empty-listing.ts'],
    frames: [asItIs],
    pieces: ['a', '/', '&', '<', ' ', '1', '\u0000'],
    most: FIXED_LIMITS.listing_parameter_bytes,
    read: (text) =>
      emptyListing('ListObjectsV2', 'uploads', new Map(Object.entries({ prefix: text, 'encoding-type': 'url' }))) +
      emptyListing('ListObjects', 'uploads', new Map([['max-keys', text]])),
  },
  {
    reads: 'the headers of a request',
    files: ['server/request-head.ts', 'auth/credential-kind.ts', 'auth/schemes/sigv4.ts'],
    frames: [(text) => `host:a\r\n${text}`, (text) => `host:a\r\ncontent-length:${text}`],
    pieces: [
      'accept:a\r\n',
      'via:b\r\n',
      'cookie:c\r\n',
      'x:y\r\n',
      ':\r\n',
      '\r\n',
      ' ',
      '1',
      'transfer-encoding:a\r\n',
    ],
    read(text) {
      const rawHeaders = rawHeadersOf(text);
      const kinds = credentialKinds({
        incoming: { received: receivedHeaders(rawHeaders), query: [] },
      } as unknown as Routed);
      return [kinds, readHead({ httpVersion: '1.1', rawHeaders, url: '/a' } as IncomingMessage, hostBucketOf)];
    },
  },
  {
    reads: 'headers, each of another name',
    files: ['server/request-head.ts', 's3/header-allow-list.ts'],
    frames: [asItIs],
    pieces: ['a:b\r\n', 'x-amz-meta-a:\r\n', '\r\n', '1:\r\n'],
    read(text) {
      const lines = text.split('\r\n').map((line, i) => [`${line.split(':')[0]}${i}`, line] as const);
      const { headers } = readHead(
        { httpVersion: '1.1', rawHeaders: ['host', 'a', ...lines.flat()], url: '/a' } as IncomingMessage,
        hostBucketOf,
      );
      return headersForStore('PutObject', headers);
    },
  },
  {
    reads: 'the host',
    files: ['server/virtual-hosts.ts'],
    frames: [asItIs, (text) => `${text}.up.example.test`],
    pieces: [':', ':1', '1', '.', 'a.', '.up.example.test', ':1.', 'A'],
    read: (text) => hostBucketOf(text),
  },
  {
    reads: 'a target in absolute form',
    files: ['server/absolute-form.ts'],
    frames: [asItIs, (text) => `http://${text}`, (text) => `http://${text}#`, (text) => `http://a/${text}`],
    pieces: ['h', 'http', ':', '://', '/', '#', '?', '@', ':80', 'A', 'a.', '%'],
    read: (text) => {
      const request = { url: text, headers: { host: 'a' }, rawHeaders: ['Host', 'a'] } as unknown as IncomingMessage;
      toOriginForm(request, (host) => hostBucketOf(host) !== undefined);
    },
  },
  ...(['forwarded', 'x-forwarded-for'] as const).map(
    (header): Parser => ({
      reads: `the header ${header}`,
      files: ['server/forwarded.ts', 'kit/address-set.ts'],
      frames: [asItIs, (text) => `for=${text}`, (text) => `for="${text}`, (text) => `[${text}`],
      pieces: [
        ' ',
        ',',
        '1',
        '1.1.1.1,',
        '"',
        '\\',
        '[',
        ']',
        ';',
        'for=1;',
        'for="a',
        '::',
        ':1',
        '%',
        'a',
        'a b',
        '="',
      ],
      read: (text) =>
        clientBehind(
          { address: '127.0.0.1', scheme: 'http' },
          { [header]: text, 'x-forwarded-proto': text },
          { trusted: TRUSTED, header },
        ),
    }),
  ),
  {
    reads: 'the header of the PROXY protocol',
    files: ['server/proxy-header.ts'],
    frames: [(text) => `PROXY ${text}`, (text) => `\r\n\r\n\0\r\nQUIT\n\x21\x11\x0f\xf0${text}`, asItIs],
    pieces: ['TCP4 ', '1.1.1.1 ', ' ', '1', '\r', '\0', '\xff', 'UNKNOWN', ':'],
    most: 4112,
    refuses: () => false,
    read: (text) => parseProxyHeader(Buffer.from(text, 'latin1')),
  },
  {
    reads: 'the headers of browsers',
    files: ['cors/cors-policy.ts'],
    frames: [asItIs, (text) => `https://${text}.example.com`],
    pieces: [',', 'x-amz-a,', ' ', 'a.', '.example.com', 'https://', '*', ', '],
    read(text) {
      const asked = { 'access-control-request-method': 'PUT', 'access-control-request-headers': text };
      return [CORS.responseHeaders(text), CORS.preflightHeaders({ ...asked, origin: 'https://a.example.com' })];
    },
  },
  {
    reads: 'the headers of an object',
    files: ['s3/header-allow-list.ts', 'body/body-plan.ts', 'body/checksum.ts', 'domain/checksums.ts'],
    frames: [
      asItIs,
      (text) => `content-encoding:${text}`,
      (text) => `connection:${text}`,
      (text) => `x-amz-meta-a:${text}`,
      (text) => `content-md5:${text}`,
      (text) => `x-amz-trailer:${text}`,
    ],
    pieces: [
      'aws-chunked,',
      'aws-chunked',
      ',',
      ' ',
      'a,',
      '=',
      'x-amz-meta-a:b\r\n',
      'x-amz-checksum-',
      'A',
      '\r\n',
      ':',
    ],
    read(text) {
      const headers = headersOf(text);
      const checksums = { added: undefined, own: 'crc32', passed: true, verifies: new Set<never>() } as const;
      const plan = planBody(resolvedRequest({ incoming: { headers } }) as never, MAX_OBJECT, checksums);
      return [plan, headersForStore('PutObject', headers)];
    },
  },
  {
    reads: 'the content type that makes a form',
    files: ['router/route-form.ts'],
    frames: [asItIs, (text) => `multipart/form-data${text}`],
    pieces: [' ', '\t', ';', 'multipart/form-data', 'a', ' ;'],
    read: (text) => isForm(incoming({ method: 'POST', headers: { 'content-type': text } })),
  },
  {
    reads: 'the blanks around a value',
    files: ['kit/outer-blanks.ts'],
    frames: [asItIs, (text) => `x${text}x`],
    pieces: [' ', '\t', ' \t', ' a', '\xa0'],
    read: withoutOuterBlanks,
  },
];
