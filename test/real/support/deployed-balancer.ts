/** HAProxy, nginx and Envoy with the configurations of deploy/, as they are but for the addresses. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { lowPorts } from './low-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

export type BalancerName = 'haproxy' | 'nginx' | 'envoy';

export interface Balancer extends RealServer {
  readonly url: string;
}

/** @param gateways the ports of two gateways on 127.0.0.1. @param scheme with `https`, the lines for HTTPS are enabled. */
export async function startBalancer(
  name: BalancerName,
  gateways: readonly [number, number],
  scheme: 'http' | 'https' = 'http',
): Promise<Balancer> {
  const [port] = await lowPorts(1);
  const text = withAddresses(await readFile(CONFIGURATION[name], 'utf8'), port!, gateways);
  const server = await startRealServer({
    name,
    args: async (folder) => ARGUMENTS[name](scheme === 'https' ? await withHttps(text, folder) : text, folder),
    healthUrl: `${scheme}://127.0.0.1:${port}/health`,
  });
  return { ...server, url: `${scheme}://127.0.0.1:${port}` };
}

const CONFIGURATION = {
  haproxy: new URL('../../../deploy/haproxy/haproxy.cfg', import.meta.url),
  nginx: new URL('../../../deploy/nginx/nginx.conf', import.meta.url),
  envoy: new URL('../../../deploy/envoy/envoy.yaml', import.meta.url),
};

const ARGUMENTS: Record<BalancerName, (text: string, folder: string) => Promise<string[]>> = {
  haproxy: async (text, folder) => {
    await writeFile(join(folder, 'haproxy.cfg'), text);
    return ['-db', '-f', join(folder, 'haproxy.cfg')];
  },
  nginx: async (text, folder) => {
    await writeFile(join(folder, 'nginx.conf'), inFolder(text, folder));
    // One process, so that nothing of it is left when it is ended.
    const options = ['-e', 'stderr', '-g', `daemon off; master_process off; pid ${folder}/nginx.pid;`];
    await mkdir(join(folder, 'temporary'));
    return [...options, '-p', folder, '-c', join(folder, 'nginx.conf')];
  },
  envoy: async (text, folder) => {
    await writeFile(join(folder, 'envoy.yaml'), text);
    return ['-c', join(folder, 'envoy.yaml'), '--use-dynamic-base-id'];
  },
};

function withAddresses(text: string, port: number, [one, other]: readonly [number, number]): string {
  return text
    .replace(/^(\s*bind) :8080$/m, `$1 127.0.0.1:${port}`)
    .replace(/^(\s*listen) 8080;$/m, `$1 127.0.0.1:${port};`)
    .replace('address: 0.0.0.0, port_value: 8080', `address: 127.0.0.1, port_value: ${port}`)
    .replace('10.0.0.1, port_value: 8080', `127.0.0.1, port_value: ${one}`)
    .replace('10.0.0.2, port_value: 8080', `127.0.0.1, port_value: ${other}`)
    .replace('10.0.0.1:8080', `127.0.0.1:${one}`)
    .replace('10.0.0.2:8080', `127.0.0.1:${other}`);
}

/** Enables the lines below "For HTTPS", in place of the port for HTTP. */
async function withHttps(text: string, folder: string): Promise<string> {
  await writeFile(join(folder, 'certificate.pem'), SELF_SIGNED_CERTIFICATE + SELF_SIGNED_KEY);
  await writeFile(join(folder, 'key.pem'), SELF_SIGNED_KEY);
  const [, address] = /(?:bind|listen) (127\.0\.0\.1:\d+)/.exec(text) ?? [];
  return text
    .replace(/^ *(?:bind|listen) 127\.0\.0\.1:\d+;?$/m, '')
    .replace(/# For HTTPS:\n((?: +# .*\n)+)/, (_, lines: string) => `\n${lines.replaceAll('# ', '')}`)
    .replace(/(bind|listen) :?8443/, `$1 ${address}`)
    .replaceAll(/\/etc\/\w+\//g, `${folder}/`);
}

/** An installed nginx has these folders in /var. */
export function inFolder(text: string, folder: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = kinds.map((kind) => `${kind}_temp_path ${folder}/temporary/${kind};`);
  return text.replace(/^http \{$/m, `http {\n  access_log off;\n  ${paths.join('\n  ')}`);
}
