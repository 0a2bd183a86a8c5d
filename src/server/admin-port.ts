/** The port for the operator: `GET /metrics`, apart from the uploads so that it can stay private. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export interface AdminPort {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** @param render gives the metrics in the format that the Accept header asks for. */
export async function openAdminPort(
  host: string,
  port: number,
  render: (accept: string) => Exposition,
): Promise<AdminPort> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is served here.\n');
      return;
    }
    const { contentType, text } = render(request.headers.accept ?? '');
    response.writeHead(200, { 'content-type': contentType }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  return {
    host: bound.address,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
