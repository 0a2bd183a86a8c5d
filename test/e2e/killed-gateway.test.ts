/**
 * A gateway that is killed in the middle of an upload resets its connection to the store. An orderly close would look like the end of the
 * body, which some stores accept. Linux only: elsewhere a process cannot choose how its connections end.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { RawClient } from '../support/http-client.ts';

const MIB = 1024 * 1024;

const WAYS = [
  { name: 'streamed', upload: { way: 'stream' }, headers: '', length: 8 * MIB },
  { name: 'split', upload: { multipart_threshold: '5MiB', part_size: '5MiB' }, headers: '', length: 12 * MIB },
  { name: 'spliced', upload: { way: 'auto' }, headers: '', length: 8 * MIB },
  { name: 'pumped', upload: { way: 'auto' }, headers: 'x-amz-checksum-crc32: AAAAAA==\r\n', length: 8 * MIB },
] as const;

/** Accepts connections and reads them, as TCP: node:http would not tell how they end. */
interface TcpStore {
  readonly server: Server;
  readonly connections: Socket[];
  /** Called when bytes have arrived. */
  onBytes(socket: Socket): void;
}

async function tcpStore(): Promise<TcpStore> {
  const connections: Socket[] = [];
  const onBytes = (): void => {};
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => {}); // several connections of a split upload are reset
    socket.on('data', (bytes: Buffer) => {
      store.onBytes(socket);
      if (!bytes.toString('latin1').startsWith('POST')) return;
      const document = '<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>';
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${document.length}\r\n\r\n${document}`);
    });
  });
  const store: TcpStore = { server, connections, onBytes };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return store;
}

describe('a gateway that is killed in the middle of an upload', {
  skip: process.platform !== 'linux' && 'needs Linux',
}, () => {
  let store: TcpStore;
  before(async () => {
    store = await tcpStore();
  });
  after(() => {
    for (const connection of store.connections) connection.destroy();
    store.server.close();
  });

  for (const { name, upload, headers, length } of WAYS) {
    it(`resets the connection to the store: ${name}`, async () => {
      const { port } = store.server.address() as AddressInfo;
      const s3 = { bucket: 'my-bucket', endpoint: `http://127.0.0.1:${port}`, access_key: 'k', secret_key: 's' };
      const buckets = [{ name: 'uploads', auth: { enabled: false }, s3 }];
      const config = {
        server: { address: '127.0.0.1:0' },
        buckets,
        upload,
        metrics: { enabled: false },
        tracing: { enabled: false },
      };
      const gateway = await startGatewayProcess(config);
      const client = await RawClient.connect(gateway.url);
      client.write(`PUT /uploads/killed HTTP/1.1\r\nHost: g\r\nContent-Length: ${length}\r\n${headers}\r\n`);
      client.write(Buffer.alloc(length - MIB));
      const socket = await received(store, 2 * MIB);
      const [how] = await Promise.all([endOf(socket), gateway.process.kill('SIGKILL')]);
      assert.equal(how, 'ECONNRESET');
      await gateway.exited;
      client.destroy();
    });
  }
});

/** The next connection that receives so many bytes. */
function received(store: TcpStore, least: number): Promise<Socket> {
  return new Promise((resolve) => {
    store.onBytes = (socket) => {
      if (socket.bytesRead >= least) resolve(socket);
    };
  });
}

async function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve('an orderly close'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'an error'));
  });
}
