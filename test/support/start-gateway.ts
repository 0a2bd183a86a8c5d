/** The whole gateway in this process, on real sockets, with a configuration read by the real reader and its log in memory. */
import { type App, startApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { ProcessLog } from '../../src/logging/create-log.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface TestGateway {
  readonly app: App;
  readonly url: string;
  readonly log: LogLine[];
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly storeUrl: string;
  /** Merged into the bucket's `s3` section. */
  readonly s3?: Record<string, unknown>;
  readonly server?: Record<string, unknown>;
  readonly upload?: Record<string, unknown>;
  /** Of the one bucket, where no others are given. */
  readonly auth?: Record<string, unknown>;
  readonly authz?: Record<string, unknown>;
  /** Further fields of the one bucket. */
  readonly bucket?: Record<string, unknown>;
  /** Where relative paths begin. */
  readonly directory?: string;
  readonly tracing?: Record<string, unknown>;
  readonly metrics?: Record<string, unknown>;
  readonly admin?: Record<string, unknown>;
  readonly ready?: Record<string, unknown>;
  readonly logging?: Record<string, unknown>;
  readonly buckets?: readonly Record<string, unknown>[];
}

export async function startGateway(options: GatewayOptions): Promise<TestGateway> {
  const s3 = {
    bucket: 'my-bucket',
    endpoint: options.storeUrl,
    access_key: 'mizuchi',
    secret_key: 'mizuchi-secret',
    ...options.s3,
  };
  const document = {
    server: { address: '127.0.0.1:0', ...options.server },
    buckets: options.buckets ?? [{ name: 'uploads', s3, auth: options.auth, authz: options.authz, ...options.bucket }],
    upload: options.upload ?? null,
    tracing: { enabled: false, ...options.tracing },
    metrics: { enabled: true, ...(options.admin === undefined && { port: 0 }), ...options.metrics },
    admin: options.admin ?? null,
    ready: options.ready ?? null,
    logging: options.logging ?? null,
  };
  const log: LogLine[] = [];
  // JSON is YAML.
  const { directory = '.' } = options;
  const app = await startApp(parseConfig(JSON.stringify(document), 'test.yaml', {}), {
    log: memoryLog(log),
    directory,
  });
  return { app, url: `http://127.0.0.1:${app.port}`, log, close: () => app.close() };
}

function memoryLog(lines: LogLine[]): ProcessLog {
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), async close() {} };
}
