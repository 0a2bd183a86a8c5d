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

export type PeerName = 'nginx' | 'haproxy' | 'haproxy-splice' | 'versitygw' | 'node';

export interface Ports {
  /** Where it listens. */
  readonly own: number;
  readonly store: number;
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

/** The program. @throws Error if it is not installed. */
export function executable(peer: PeerName): string {
  return peer === 'node' ? process.execPath : binary(peer === 'haproxy-splice' ? 'haproxy' : peer);
}

/** The reason why it is not available; undefined if it is. */
export function missing(peer: PeerName): string | undefined {
  if (!existsSync('/proc/self/schedstat')) return 'the CPU of other processes is known on Linux only';
  try {
    executable(peer);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
