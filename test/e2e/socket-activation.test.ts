/** Socket activation: a service manager holds the upload port, so that a restart refuses no connection. The manager is a shell. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { CLI } from '../support/gateway-process.ts';
import { RawClient, send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';

/** Starts the gateway for each line that it reads, with its socket as descriptor 3, and never accepts a connection itself. */
const MANAGER = `while read -r line; do
  sh -c 'echo "{\\"pid\\":$$}"; LISTEN_PID=$$ exec "$@"' start "$@"; echo '{"ended":true}'
done`;

type WithHandle = Server & { readonly _handle?: { readonly fd: number } };

async function listening(server: WithHandle): Promise<WithHandle> {
  await once(server, 'listening');
  return server;
}

class ServiceManager {
  readonly url: string;
  readonly #shell: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(url: string, shell: ChildProcess) {
    this.url = url;
    this.#shell = shell;
    this.#lines = createInterface(shell.stdout!)[Symbol.asyncIterator]();
  }

  static async start(file: string): Promise<ServiceManager> {
    const server = await listening(createServer().listen(0, '127.0.0.1'));
    const { port } = server.address() as AddressInfo;
    const shell = spawn('sh', ['-c', MANAGER, 'manager', process.execPath, CLI, 'serve', '--config', file], {
      stdio: ['pipe', 'pipe', 'inherit', server._handle!.fd],
      env: { ...process.env, LISTEN_FDS: '1' },
    });
    server.close(); // this process does not accept either
    return new ServiceManager(`http://127.0.0.1:${port}`, shell);
  }

  /** Starts a gateway. @returns its pid, once it listens. */
  async startGateway(): Promise<number> {
    this.#shell.stdin!.write('start\n');
    const { pid } = await this.#line((line) => 'pid' in line);
    const { address } = await this.#line(({ msg }) => msg === 'listening');
    assert.equal(`http://${address}`, this.url);
    return pid as number;
  }

  async stopGateway(pid: number): Promise<void> {
    process.kill(pid, 'SIGTERM');
    await this.#line((line) => 'ended' in line);
  }

  async stop(): Promise<void> {
    this.#shell.stdin!.end();
    if (this.#shell.exitCode === null) await once(this.#shell, 'exit');
  }

  async #line(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error('the service manager has ended');
      const line = JSON.parse(value);
      if (matches(line)) return line;
    }
  }
}

for (const workers of [1, 2])
  describe(`the socket of a service manager, workers: ${workers}`, { skip: process.platform === 'win32' }, () => {
    let folder: string;
    let file: string;
    let store: RawStore;
    let manager: ServiceManager;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mizuchi-activation-'));
      store = await RawStore.start();
      file = join(folder, 'config.yaml');
      const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'AK', secret_key: 'SK' };
      await writeFile(
        file,
        JSON.stringify({
          server: { address: '127.0.0.1:1', shutdown_delay_seconds: 0.1, workers }, // the socket counts, not this address
          buckets: [{ name: 'uploads', s3 }],
          metrics: { enabled: false },
        }),
      );
      manager = await ServiceManager.start(file);
    });
    after(async () => {
      await manager.stop();
      await store.close();
      await rm(folder, { recursive: true });
    });

    it('serves the connections that were made while no gateway was running, one gateway after the other', async () => {
      for (const name of ['first', 'second']) {
        const client = await RawClient.connect(manager.url);
        client.write(`PUT /uploads/${name} HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`);
        const pid = await manager.startGateway();
        assert.match(await client.closed(), /^HTTP\/1\.1 200 OK\r\n/);
        await manager.stopGateway(pid);
      }
    });

    it('refuses no upload while it is restarted under load', async () => {
      let isOver = false;
      const statuses: number[] = [];
      const put = { method: 'PUT', body: 'hello' };
      const oneConnectionEach = () => send(manager.url, 'PUT', '/uploads/k', 'hello');
      const keepAlive = async () => {
        const response = await fetch(`${manager.url}/uploads/k`, put);
        await response.arrayBuffer();
        return response;
      };
      const client = async (upload: () => Promise<{ readonly status: number }>): Promise<void> => {
        while (!isOver) statuses.push((await upload()).status);
      };
      let pid = await manager.startGateway();
      const clients = [oneConnectionEach, keepAlive].flatMap((upload) =>
        Array.from({ length: 4 }, () => client(upload)),
      );
      for (let i = 0; i < 3; i++) {
        const served = statuses.length;
        while (statuses.length < served + 20) await new Promise((resolve) => setTimeout(resolve, 10));
        await manager.stopGateway(pid);
        pid = await manager.startGateway();
      }
      isOver = true;
      await Promise.all(clients);
      await manager.stopGateway(pid);
      assert.deepEqual([...new Set(statuses)], [200]);
    });

    it('does not start with a socket that is not a TCP socket', async () => {
      const server = await listening(createServer().listen(join(folder, 'socket')));
      const passed = ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'start', process.execPath, CLI, 'serve', '--config', file];
      const child = spawn(passed[0]!, passed.slice(1), {
        stdio: ['ignore', 'ignore', 'pipe', server._handle!.fd],
        env: { ...process.env, LISTEN_FDS: '1' },
      });
      server.close();
      const [errors, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
      assert.equal(code, 1);
      assert.equal(errors, 'error: the passed socket is not a TCP socket; use a port in ListenStream=\n');
    });
  });
