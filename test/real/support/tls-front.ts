/** TLS in front of the gateway, as a balancer does it: clients behave differently over TLS, and the gateway speaks HTTP. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';

export interface TlsFront {
  readonly url: string;
  close(): Promise<void>;
}

/** @param certificateFile is written: what clients must trust. */
export async function startTlsFront(behind: string, certificateFile: string): Promise<TlsFront> {
  await writeFile(certificateFile, SELF_SIGNED_CERTIFICATE);
  const { hostname, port } = new URL(behind);
  const open = new Set<TLSSocket>();
  const server = createServer({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED_CERTIFICATE }, (client) => {
    open.add(client);
    const gateway = connect(Number(port), hostname);
    client.pipe(gateway).pipe(client);
    // Whoever breaks off, breaks off both ways.
    client
      .on('error', () => {})
      .once('close', () => {
        open.delete(client);
        gateway.destroy();
      });
    gateway.on('error', () => {}).once('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
