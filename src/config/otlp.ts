/** How a collector is spoken to, for every signal: the fields that they have in common. */
import { checkHeaderName } from '../kit/export-header-name.ts';
import { isThisMachine } from '../kit/this-machine.ts';
import { optionalObject, stringMap } from './field.ts';
import { httpUrl, number, oneOf, string } from './scalars.ts';

const COLLECTOR_TLS = optionalObject(
  {
    ca_file: string({
      prose: 'Certificates (PEM) of those who may vouch for the collector; those that Node.js knows, unless given.',
      optional: true,
    }),
    cert_file: string({ prose: 'The certificate (PEM) by which the collector knows the gateway.', optional: true }),
    key_file: string({ prose: 'The private key (PEM) of that certificate.', optional: true }),
  },
  {
    prose: 'TLS to the collector, for an endpoint with `https`. The files are read again when they have changed.',
    rules: [
      {
        of: ['cert_file', 'key_file'],
        at: 'cert_file',
        broken: ({ cert_file, key_file }) =>
          (cert_file === undefined) === (key_file === undefined)
            ? undefined
            : { wrong: 'is of no use without its pair', mend: 'give cert_file and key_file, or neither' },
      },
    ],
  },
);

/** @param path that is added to the endpoint with `http/protobuf`. */
export function otlpFields(path: string) {
  return {
    endpoint: httpUrl({
      prose: `The collector. With \`http/protobuf\` it is a base to which \`${path}\` is added, unless it ends so already. \`https\` speaks TLS.`,
      derived: {
        of: ['protocol'],
        from: ({ protocol }) => (protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318'),
        text: '`http://localhost:4317` with `grpc`, `http://localhost:4318` with `http/protobuf`',
      },
      mend: 'write a URL such as http://localhost:4317; credentials belong into headers',
    }),
    protocol: oneOf(['grpc', 'http/protobuf'], { prose: 'How the collector is spoken to.', default: 'grpc' }),
    timeout_seconds: number({
      prose: 'How long one attempt to deliver may take.',
      default: 10,
      min: 0.01,
      max: 3600,
    }),
    compression: oneOf(['gzip', 'none'], {
      prose: 'How what is sent is compressed.',
      derived: {
        of: ['endpoint'],
        // Bytes that do not leave the machine are not worth the CPU: docs/decisions/span-recorder.md.
        from: ({ endpoint }) => (isThisMachine(new URL(String(endpoint)).hostname) ? 'none' : 'gzip'),
        text: '`none` towards this machine (`localhost`, `127.…`, `[::1]`), else `gzip`',
      },
    }),
    headers: stringMap({
      prose: 'Headers (with `grpc`: metadata) of every export, such as an API key. Their values are never printed.',
      type: 'map of header name to secret string',
      discreet: true,
      spell: (name) => name.toLowerCase(),
      checkKey: checkHeaderName,
      checkValue: (value) =>
        /^[\x20-\x7e]+$/.test(value)
          ? undefined
          : { wrong: 'holds characters that no header may have', mend: 'use printable ASCII characters' },
    }),
    headers_file: string({
      prose:
        'A file with further headers, `Name: value` on each line, for keys that are renewed: it is read again when it has changed. What stands in both places counts as it stands in the file.',
      optional: true,
    }),
    tls: COLLECTOR_TLS,
  } as const;
}

/** What an endpoint and its protocol must fulfil together. */
export const NO_PATH_WITH_GRPC = {
  of: ['endpoint', 'protocol'],
  at: 'endpoint',
  broken: ({ endpoint, protocol }: { readonly endpoint: string; readonly protocol: string }) =>
    protocol === 'grpc' && new URL(endpoint).pathname !== '/'
      ? { wrong: 'has a path, which gRPC does not use', mend: 'leave the path away, or set protocol: http/protobuf' }
      : undefined,
} as const;

/** What is needed to reach a collector. */
export interface OtlpConfig {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http/protobuf';
  readonly timeout_seconds: number;
  readonly compression: 'gzip' | 'none';
  readonly headers: Readonly<Record<string, string>>;
}
