/** An identity provider's JWKS address on a real socket, whose answer the test decides. It counts what it is asked. */
import type { KeyObject } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface JwksServer {
  readonly url: string;
  /** How often it was asked. */
  readonly requests: number;
  /** How many connections to it are open. */
  readonly connections: number;
  answer: RequestListener;
  /** When the last connection has gone. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** A public key as a member of a key set. */
export const jwkOf = (key: KeyObject, kid: string | undefined, alg = 'RS256'): object => ({
  ...key.export({ format: 'jwk' }),
  ...(kid !== undefined && { kid }),
  alg,
  use: 'sig',
});

export const keySet =
  (...keys: readonly object[]): RequestListener =>
  (_request, response) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));

export const says =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);

export async function startJwksServer(answer: RequestListener = keySet()): Promise<JwksServer> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    it.answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      server.emit('gone');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const it: JwksServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get requests() {
      return requests;
    },
    get connections() {
      return sockets.size;
    },
    answer,
    async quiet() {
      while (sockets.size > 0) await new Promise((resolve) => server.once('gone', resolve));
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return it;
}
