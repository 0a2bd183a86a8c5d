/** The address of a store, and of an object at it. Pure. */
import { percentEncodePath } from '../kit/percent.ts';

export interface EndpointConfig {
  readonly bucket: string;
  readonly region: string;
  /** `http(s)://host[:port][/path]`; undefined means AWS. A path needs `path_style`. */
  readonly endpoint?: string | undefined;
  readonly path_style: boolean;
}

export interface Endpoint {
  /** Scheme, host and port to connect to. */
  readonly origin: string;
  /** Value of the Host header, which is signed. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** The path of an object, percent-encoded; the key is not normalised. */
  pathOf(key: string): string;
}

export function endpointOf(config: EndpointConfig): Endpoint {
  const base = new URL(config.endpoint ?? awsEndpoint(config.region));
  // A certificate for *.s3.… does not cover a bucket name with dots.
  const pathStyle = config.path_style || (base.protocol === 'https:' && config.bucket.includes('.'));
  const host = pathStyle ? base.host : `${config.bucket}.${base.host}`;
  const prefix = pathStyle ? `${base.pathname.replace(/\/$/, '')}/${config.bucket}/` : '/';
  return {
    origin: `${base.protocol}//${host}`,
    host,
    hostname: pathStyle ? base.hostname : `${config.bucket}.${base.hostname}`,
    port: base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : Number(base.port),
    pathOf: (key) => prefix + percentEncodePath(key),
  };
}

/** Amazon S3 endpoints and quotas, "Amazon S3 endpoints"; China has a separate domain. */
function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
