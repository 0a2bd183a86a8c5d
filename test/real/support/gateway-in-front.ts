/** The gateway as its users run it, in front of a real store. */
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { endWithUs } from './end-with-us.ts';
import { ACCESS_KEY, SECRET_KEY } from './real-stores.ts';

/** Name of the bucket as clients know it; at the store it is STORE_BUCKET. */
export const BUCKET = 'uploads';
export const STORE_BUCKET = 'real-bucket';

export interface GatewayInFrontOptions {
  readonly storeUrl: string;
  /** Merged into the bucket's `s3` section. */
  readonly s3?: object;
  /** Further sections of the bucket: `auth`, `authz`. */
  readonly bucket?: object;
  readonly tracing?: object;
  readonly server?: object;
  readonly upload?: object;
  readonly env?: NodeJS.ProcessEnv;
}

export async function startGatewayInFront(options: GatewayInFrontOptions): Promise<GatewayProcess> {
  const s3 = { bucket: STORE_BUCKET, endpoint: options.storeUrl, access_key: ACCESS_KEY, secret_key: SECRET_KEY };
  const config = {
    server: { address: '127.0.0.1:0', ...options.server },
    buckets: [{ name: BUCKET, s3: { ...s3, ...options.s3 }, ...options.bucket }],
    upload: options.upload ?? null,
    tracing: { enabled: false, ...options.tracing },
    metrics: { port: 0 },
  };
  const gateway = await startGatewayProcess(config, [], { ...process.env, ...options.env });
  endWithUs(gateway.process);
  return gateway;
}

/** The last lines of its log, for whoever wonders why a test failed. */
export function lastLines(gateway: GatewayProcess): string {
  const lines = gateway.log.slice(-10).map((line) => JSON.stringify(line));
  return `the gateway said:\n${lines.join('\n')}`;
}
