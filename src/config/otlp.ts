/** How a collector is spoken to, for every signal: the fields that they have in common. */
import { checkHeaderName } from '../kit/export-header-name.ts';
import { isThisMachine } from '../kit/this-machine.ts';
import { stringMap } from './field.ts';
import { httpUrl, number, oneOf } from './scalars.ts';

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
