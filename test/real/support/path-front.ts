/**
 * A store below a path, as Supabase serves S3. It verifies the signature over the path that it is sent, which the real store behind it
 * cannot: so it verifies the request itself, takes the path off, and signs what it passes on.
 */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signRequest } from '../../../src/sigv4/sign-request.ts';
import { SigningKeys } from '../../../src/sigv4/signing-key.ts';
import { ACCESS_KEY, SECRET_KEY } from './real-stores.ts';

export interface PathFront {
  /** With the path. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startPathFront(path: string, storeUrl: string): Promise<PathFront> {
  const { hostname, port, host } = new URL(storeUrl);
  const server = createServer((incoming, outgoing) => {
    const { method = '', headers } = incoming;
    const date = new Date(String(headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
    const keys = { accessKey: ACCESS_KEY, keys: new SigningKeys(SECRET_KEY) };
    const signature = (hostName: string, target: string) => {
      const url = new URL(target, storeUrl);
      const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
      const signed: Record<string, string> = {};
      for (const name of names) if (!ADDED.has(name)) signed[name] = String(headers[name]);
      signed.host = hostName;
      const request = {
        method,
        path: url.pathname,
        query: [...url.searchParams],
        headers: signed,
        payloadHash: String(headers['x-amz-content-sha256']),
        region: 'us-east-1',
      };
      return signRequest(request, keys, date).headers.authorization;
    };
    const target = incoming.url ?? '';
    const isBelow = target.startsWith(`${path}/`);
    if (!isBelow || signature(String(headers.host), target) !== headers.authorization) {
      outgoing.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
      return;
    }
    const stripped = target.slice(path.length);
    const authorization = signature(host, stripped);
    const passed = httpRequest({
      hostname,
      port,
      method,
      path: stripped,
      headers: { ...headers, host, authorization },
    });
    passed.on('response', (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Which the signer adds itself. */
const ADDED = new Set(['x-amz-date', 'x-amz-content-sha256']);
