/** Load balancers in front of several gateways, each configured as its manual shows it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { type RealServer, startRealServer } from '../support/real-server.ts';

export interface Balancer extends RealServer {
  readonly url: string;
  /** Resolves when it sends requests to all gateways. */
  usesAll(): Promise<void>;
}

/** Checks `/ready` every 500 ms, and takes a gateway out after two failures. */
export async function startHaproxy(gateways: readonly number[]): Promise<Balancer> {
  const [port, stats] = (await freePorts(2)) as [number, number];
  const servers = gateways.map((each, i) => `  server g${i} 127.0.0.1:${each}`);
  const text = `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port}
  default_backend gateways
frontend stats
  bind 127.0.0.1:${stats}
  stats enable
  stats uri /
backend gateways
  balance roundrobin
  option httpchk GET /ready
  default-server check inter 500ms fall 2 rise 1
${servers.join('\n')}
`;
  const csv = `http://127.0.0.1:${stats}/;csv`;
  const server = await startRealServer({
    name: 'haproxy',
    args: async (folder) => ['-db', '-f', await written(folder, 'haproxy.cfg', text)],
    healthUrl: csv,
  });
  const usesAll = async (): Promise<void> => {
    await eventually('HAProxy uses all gateways', async () => {
      const lines = (await (await fetch(csv)).text()).split('\n');
      return lines.filter((line) => /^gateways,g\d+,.*,UP,/.test(line)).length === gateways.length || undefined;
    });
  };
  await usesAll();
  return { ...server, url: `http://127.0.0.1:${port}`, usesAll };
}

/** Without checks, as nginx is by default: it notices a closed port by itself, and tries again after `fail_timeout`. */
const FAIL_MILLIS = 10_000;

export async function startNginx(gateways: readonly number[]): Promise<Balancer> {
  const [port] = (await freePorts(1)) as [number];
  const servers = gateways.map((each) => `    server 127.0.0.1:${each};`);
  const server = await startRealServer({
    name: 'nginx',
    args: async (folder) => {
      const text = `daemon off;
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
  upstream gateways {
${servers.join('\n')}
  }
  server {
    listen 127.0.0.1:${port};
    location = /nginx-is-there { return 200; }
    location / {
      proxy_pass http://gateways;
      proxy_set_header Host $http_host;
    }
  }
}
`;
      return ['-e', 'stderr', '-p', folder, '-c', await written(folder, 'nginx.conf', text)];
    },
    healthUrl: `http://127.0.0.1:${port}/nginx-is-there`,
  });
  const usesAll = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, FAIL_MILLIS));
  return { ...server, url: `http://127.0.0.1:${port}`, usesAll };
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}
