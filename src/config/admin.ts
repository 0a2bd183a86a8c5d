/** The section `admin`: the port for operators. Settings of the same names in `metrics` are aliases from before this section existed. */
import { isDeepStrictEqual } from 'node:util';
import { type Complaint, optionalList, section, type ValueOf, type Values } from './field.ts';
import { boolean, integer, isHost, string } from './scalars.ts';

const DEFAULTS = { address: '127.0.0.1', port: 9090, allowed_hosts: undefined, max_connections: 64 } as const;
const NAMES = ['address', 'port', 'allowed_hosts', 'max_connections'] as const;

const ADDRESS = {
  type: 'host name or IP address',
  check: (host: string) => (isHost(host) ? undefined : 'is neither an IP address nor a host name'),
  hint: 'write an address without a port and without brackets, such as 127.0.0.1 or "::1"',
} as const;
const PORT = { min: 0, max: 65_535 } as const;
const CONNECTIONS = { min: 1, max: 65_535 } as const;

const hostNames = (prose: string) =>
  optionalList(
    string({
      prose: 'A host name.',
      check: (name) => (isHost(name) ? undefined : 'is not a host name'),
      hint: 'write a host name without a port and without "*", such as gateway or metrics.example.internal',
    }),
    { prose, hint: 'name at least one, such as [gateway]' },
  );

function wrongTraceUrl(template: string): string | undefined {
  if (!template.includes('{trace_id}')) return 'does not contain {trace_id}';
  const url = URL.parse(template.replaceAll(/[{}]/g, ''));
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return 'is not an http or https URL';
  return url.username === '' && url.password === '' ? undefined : 'contains credentials, which the view would show';
}

export const ADMIN = section(
  {
    enabled: boolean({
      prose: 'Whether the admin port is open. If not set, it is open where `metrics.enabled` is true.',
      optional: true,
    }),
    address: string({
      ...ADDRESS,
      prose: 'The address of the admin port. Metrics contain bucket names: do not expose them publicly.',
      default: DEFAULTS.address,
    }),
    port: integer({ ...PORT, prose: 'The admin port; 0 selects any free port.', default: DEFAULTS.port }),
    allowed_hosts: hostNames(
      'Host names that scrapers use for this port, such as the name of a service. IP addresses, `localhost` and `admin.address` are always allowed. Requests with any other Host get 421, which prevents DNS rebinding by web pages.',
    ),
    reload: boolean({
      prose:
        'Whether `POST /-/reload` reads the configuration again. Every client that reaches this port may then send it.',
      default: false,
    }),
    max_connections: integer({
      ...CONNECTIONS,
      prose: 'Maximum number of connections to this port. Further connections are closed.',
      default: DEFAULTS.max_connections,
    }),
    view: boolean({
      prose:
        'Whether the port serves the live view: uploads in progress, recent traces and the health of services, as a page at `/` and as JSON below `/api/`. It is read-only. Every client that reaches this port can see it, unless `token_file` or `tls` prevents that.',
      default: false,
    }),
    show_keys: boolean({
      prose: 'Whether the view shows object keys. Otherwise it shows a hash of each key.',
      default: false,
    }),
    trace_url: string({
      prose:
        'Address of a trace in the tracing backend, for links in the view, such as `https://jaeger.example.com/trace/{trace_id}`. `{start_millis}` and `{end_millis}` are the times of the request. A URL with a user name or password is refused, because the view shows it.',
      optional: true,
      check: wrongTraceUrl,
      hint: 'write an http or https URL with {trace_id}, such as http://127.0.0.1:16686/trace/{trace_id}',
    }),
    token_file: string({
      prose:
        'A file with a token. All requests to this port then need `Authorization: Bearer TOKEN`, except for probes and the files of the page, which contain no data. Read again when it changes.',
      optional: true,
    }),
    tls: boolean({
      prose:
        'Whether this port uses HTTPS with the certificates of `server.tls`. With `server.tls.client_ca_file`, all requests except for probes then need a client certificate.',
      default: false,
    }),
  },
  { prose: 'The port for operators: `/metrics`, the probes `/health`, `/startup` and `/ready`, and the live view.' },
);

export type AdminConfig = ValueOf<typeof ADMIN>;

/** The same settings in the section `metrics`. */
export const ALIASES = {
  address: string({ ...ADDRESS, prose: 'The same as `admin.address`.', optional: true }),
  port: integer({ ...PORT, prose: 'The same as `admin.port`.', optional: true }),
  allowed_hosts: hostNames('The same as `admin.allowed_hosts`.'),
  max_connections: integer({ ...CONNECTIONS, prose: 'The same as `admin.max_connections`.', optional: true }),
};

export interface Aliased {
  readonly admin: AdminConfig;
  readonly metrics: Values<typeof ALIASES> & { readonly enabled: boolean };
}

/** Whether `metrics` sets the address. */
export function isAliased({ metrics }: Aliased): boolean {
  return metrics.address !== undefined || metrics.port !== undefined;
}

export interface AdminAddress {
  readonly host: string;
  readonly port: number;
  /** Allowed names in Host, in addition to IP addresses, `localhost` and `host`. */
  readonly allowedHosts: readonly string[];
  /** Maximum number of connections. */
  readonly connections: number;
}

/** @returns undefined where the admin port is closed. */
export function adminAddress({ admin, metrics }: Aliased): AdminAddress | undefined {
  if (!(admin.enabled ?? metrics.enabled)) return undefined;
  return {
    host: metrics.address ?? admin.address,
    port: metrics.port ?? admin.port,
    allowedHosts: metrics.allowed_hosts ?? admin.allowed_hosts ?? [],
    connections: metrics.max_connections ?? admin.max_connections,
  };
}

/** Two values for one setting. */
export function contradictoryAlias({ admin, metrics }: Aliased): Complaint | undefined {
  const name = NAMES.find((each) => {
    const [own, alias] = [admin[each], metrics[each]];
    return alias !== undefined && !isDeepStrictEqual(own, DEFAULTS[each]) && !isDeepStrictEqual(own, alias);
  });
  if (name === undefined) return undefined;
  return { wrong: `has another ${name} than metrics.${name}, its alias`, hint: `remove metrics.${name}` };
}
