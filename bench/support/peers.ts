/**
 * Servers of other projects, and a minimal proxy on Node.js, between the same client and the same store: how each is started. Their
 * configuration is that of a careful operator: keep-alive connections on both sides, bodies forwarded as they arrive, no access log.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from '../../test/real/support/real-server.ts';
import { ACCESS_KEY } from './signed-requests.ts';

export type PeerName = 'nginx' | 'haproxy' | 'haproxy-splice' | 'versitygw' | 'caddy' | 'caddy-traced' | 'node';

export interface Ports {
  /** Where it listens. */
  readonly own: number;
  readonly store: number;
  /** Where a collector listens for OTLP over gRPC, if the peer traces. */
  readonly collector?: number | undefined;
}

/** All answer this with 200. */
export const HEALTH = '/health';

/** @returns its arguments. @param folder its own, for its files. */
type Arguments = (ports: Ports, folder: string) => Promise<string[]>;

const BARE_PROXY = fileURLToPath(new URL('./bare-proxy.ts', import.meta.url));

/** Enough pipes for all connections, each as large as the kernel allows to every user (fs.pipe-max-size). */
const HAPROXY_PIPES = 'maxpipes 1024\n  tune.pipesize 1048576';

/** versitygw cannot send checksums to a store without TLS: every upload fails without this option, and those with a checksum with it. */
const WITHOUT_CHECKSUMS = '--disable-data-integrity-check';

export const PEERS: Readonly<Record<PeerName, Arguments>> = {
  node: async ({ own, store }) => [BARE_PROXY, String(own), String(store), HEALTH],
  /** One process and no master, so that its CPU is that of one pid. */
  nginx: async ({ own, store }, folder) => {
    const file = join(folder, 'nginx.conf');
    await writeFile(
      file,
      `daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 100000000;
  upstream store { server 127.0.0.1:${store}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${own};
    location = ${HEALTH} { return 200; }
    location / {
      proxy_pass http://store;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
    }
  }
}
`,
    );
    return ['-e', 'stderr', '-p', folder, '-c', file];
  },
  haproxy: haproxy('', ''),
  'haproxy-splice': haproxy(HAPROXY_PIPES, 'option splice-request'),
  caddy: caddy(''),
  'caddy-traced': caddy('tracing {\n      span uploadr\n    }'),
  versitygw: async ({ own, store }) => {
    const { access_key, secret_key } = ACCESS_KEY;
    const listening = ['--port', `127.0.0.1:${own}`, '--health', HEALTH, '--keep-alive', '--quiet'];
    const keys = ['--access', access_key, '--secret', secret_key];
    const backend = ['--endpoint', `http://127.0.0.1:${store}`, '--use-path-style', WITHOUT_CHECKSUMS];
    return [...listening, ...keys, 's3', ...keys, ...backend];
  },
};

function haproxy(global: string, defaults: string): Arguments {
  return async ({ own, store }, folder) => {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(
      file,
      `global
  nbthread 1
  ${global}
defaults
  mode http
  ${defaults}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${own}
  http-request return status 200 if { path ${HEALTH} }
  default_backend store
backend store
  server store 127.0.0.1:${store}
`,
    );
    return ['-db', '-f', file];
  };
}

/** Requests without a certain host; HEALTH has no span. */
function caddy(tracing: string): Arguments {
  return async ({ own, store }, folder) => {
    const file = join(folder, 'Caddyfile');
    await writeFile(
      file,
      `{
  admin off
  auto_https off
  persist_config off
  log {
    level ERROR
  }
}
http://:${own} {
  bind 127.0.0.1
  handle ${HEALTH} {
    respond 200
  }
  handle {
    ${tracing}
    reverse_proxy 127.0.0.1:${store} {
      transport http {
        keepalive 60s
        keepalive_idle_conns_per_host 64
      }
    }
  }
}
`,
    );
    return ['run', '--adapter', 'caddyfile', '--config', file];
  };
}

/** Relative to the peer's folder, where it runs. */
const CADDY_FOLDERS = { HOME: '.', XDG_CONFIG_HOME: 'config', XDG_DATA_HOME: 'data' };

/** Variables of those that need some. */
export const ENVIRONMENTS: Partial<Record<PeerName, (ports: Ports) => NodeJS.ProcessEnv>> = {
  versitygw: () => ({ AWS_CA_BUNDLE: undefined }), // it stops on it
  caddy: () => CADDY_FOLDERS,
  /** Exports with the limits of the gateways: of a batch, its delay, and the queue. */
  'caddy-traced': ({ collector }) => ({
    ...CADDY_FOLDERS,
    OTEL_SERVICE_NAME: 'caddy',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_INSECURE: 'true',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-contestant=caddy-traced',
    OTEL_BSP_MAX_QUEUE_SIZE: '16384',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2048',
    OTEL_BSP_SCHEDULE_DELAY: '1000',
  }),
};

/** What scripts/install-real-servers.sh installs for the peer, by its name there. */
const INSTALLED: Partial<Record<PeerName, string>> = { 'haproxy-splice': 'haproxy', 'caddy-traced': 'caddy' };

const installed = (peer: PeerName): string => INSTALLED[peer] ?? peer;

/** The program. @throws Error if it is not installed. */
export function executable(peer: PeerName): string {
  return peer === 'node' ? process.execPath : binary(installed(peer));
}

/** The reason why it is not available; undefined if it is. */
export function missing(peer: PeerName): string | undefined {
  if (!existsSync('/proc/self/schedstat')) return 'the CPU of other processes is known on Linux only';
  try {
    executable(peer);
    return undefined;
  } catch (error) {
    return `${(error as Error).message} ${installed(peer)}`;
  }
}
