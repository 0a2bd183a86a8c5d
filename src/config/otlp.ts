/** The fields for OTLP export that all signals share. */
import { checkHeaderName } from '../kit/export-header-name.ts';
import { isLoopback } from '../kit/loopback.ts';
import { optionalObject, stringMap } from './field.ts';
import { httpUrl, number, oneOf, string } from './scalars.ts';

const COLLECTOR_TLS = optionalObject(
  {
    ca_file: string({
      prose:
        "A PEM file with the certificate authorities for the collector's certificate. Defaults to those of Node.js.",
      optional: true,
    }),
    cert_file: string({ prose: 'A PEM file with the client certificate of the gateway.', optional: true }),
    key_file: string({ prose: 'A PEM file with the private key of the client certificate.', optional: true }),
  },
  {
    prose: 'TLS to the collector, for an endpoint with `https`. The files are reloaded when they change.',
    rules: [
      {
        of: ['cert_file', 'key_file'],
        at: 'cert_file',
        broken: ({ cert_file, key_file }) =>
          (cert_file === undefined) === (key_file === undefined)
            ? undefined
            : { wrong: 'needs both cert_file and key_file', hint: 'set both, or neither' },
      },
    ],
  },
);

/** @param path the path for `http/protobuf`. */
export function otlpFields(path: string) {
  return {
    endpoint: httpUrl({
      prose: `The URL of the collector. With \`http/protobuf\`, \`${path}\` is appended unless the URL already ends with it. \`https\` uses TLS.`,
      derived: {
        of: ['protocol'],
        from: ({ protocol }) => (protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318'),
        text: '`http://localhost:4317` with `grpc`, `http://localhost:4318` with `http/protobuf`',
      },
      hint: 'write a URL such as http://localhost:4317; put credentials into headers',
    }),
    protocol: oneOf(['grpc', 'http/protobuf'], { prose: 'The transport for OTLP.', default: 'grpc' }),
    timeout_seconds: number({
      prose: 'Timeout of one export attempt.',
      default: 10,
      min: 0.01,
      max: 3600,
    }),
    compression: oneOf(['gzip', 'none'], {
      prose: 'The compression of exports.',
      derived: {
        of: ['endpoint'],
        // Compression is not worth the CPU on the same host: docs/decisions/span-recorder.md.
        from: ({ endpoint }) => (isLoopback(new URL(String(endpoint)).hostname) ? 'none' : 'gzip'),
        text: '`none` for a loopback endpoint (`localhost`, `127.…`, `[::1]`), otherwise `gzip`',
      },
    }),
    headers: stringMap({
      prose:
        'Headers (with `grpc`: metadata) of every export request, such as an API key. Their values are never printed.',
      type: 'map of header name to secret string',
      discreet: true,
      spell: (name) => name.toLowerCase(),
      checkKey: checkHeaderName,
      checkValue: (value) =>
        /^[\x20-\x7e]+$/.test(value)
          ? undefined
          : { wrong: 'contains characters that are not allowed in a header', hint: 'use printable ASCII characters' },
    }),
    headers_file: string({
      prose:
        'A file with more headers, one `Name: value` per line, for keys that rotate: the file is reloaded when it changes. Its headers override `headers`.',
      optional: true,
    }),
    tls: COLLECTOR_TLS,
  } as const;
}

/** @param path the default, which the specification names. */
export function signalPath(path: string) {
  return string({
    prose: 'The path for `http/protobuf`. It is appended to the endpoint unless the endpoint already ends with it.',
    default: path,
    check: (text) => (/^(\/[\x21-\x7e]*)?$/.test(text) ? undefined : 'is not a path'),
    hint: 'write a path that starts with "/", or nothing',
  });
}

/** With gRPC, an endpoint has no path. */
export const NO_PATH_WITH_GRPC = {
  of: ['endpoint', 'protocol'],
  at: 'endpoint',
  broken: ({ endpoint, protocol }: { readonly endpoint: string; readonly protocol: string }) =>
    protocol === 'grpc' && new URL(endpoint).pathname !== '/'
      ? { wrong: 'has a path, which gRPC does not use', hint: 'remove the path, or set protocol: http/protobuf' }
      : undefined,
} as const;

/** The settings that are needed to connect to a collector. */
export interface OtlpConfig {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  readonly timeout_seconds: number;
  readonly compression: 'gzip' | 'none';
  readonly headers: Readonly<Record<string, string>>;
}
