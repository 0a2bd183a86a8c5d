/**
 * Three gateways whose limits, files and processes need attention: one with all of its uploads, connections and file descriptors in use and without CPU
 * time, one with an expired certificate and a file of access keys that cannot be
 * read again, one with a configuration that cannot be read again and with a worker that ends unexpectedly.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { RawClient } from '../../support/http-client.ts';
import { readMetrics } from '../../support/read-metrics.ts';
import { AUTHORITY } from '../../support/test-authority.ts';
import { endWithUs } from './end-with-us.ts';
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from './expired-certificate.ts';

const MOST_CONNECTIONS = 4;
const UPLOAD = 'PUT /uploads/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n';
/** Between two stops of the process, and the length of a stop: longer than the alert allows. */
const STOP_MILLIS = 1_000;
const STOPPED_MILLIS = 400;
/** Milliseconds between two ends of a worker. */
const BETWEEN_ENDS = 15_000;

export class StrainedGateways {
  readonly #full: GatewayProcess;
  readonly #neglected: GatewayProcess;
  readonly #unstable: GatewayProcess;
  readonly #folder: string;
  readonly #stops: NodeJS.Timeout;
  #endedAt = Number.NEGATIVE_INFINITY;
  #uploading: RawClient | undefined;
  #idle: RawClient[] = [];

  private constructor(full: GatewayProcess, neglected: GatewayProcess, unstable: GatewayProcess, folder: string) {
    this.#full = full;
    this.#neglected = neglected;
    this.#unstable = unstable;
    this.#folder = folder;
    this.#stops = setInterval(() => this.#stopForAMoment(), STOP_MILLIS);
  }

  /** @param s3 the store of their bucket. */
  static async start(s3: object): Promise<StrainedGateways> {
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-strained-'));
    const full = await startGatewayProcess({
      server: { address: '127.0.0.1:0', max_connections: MOST_CONNECTIONS },
      buckets: [{ name: 'uploads', s3 }],
      upload: { concurrent_uploads: 1 },
      tracing: { enabled: false },
      metrics: { port: 0 },
    });
    const neglected = await startGatewayProcess(await neglectedConfig(folder, s3));
    const unstable = await startGatewayProcess({
      server: { address: '127.0.0.1:0', workers: 2 },
      buckets: [{ name: 'uploads', s3 }],
      tracing: { enabled: false },
      metrics: { port: 0 },
    });
    for (const { process } of [full, neglected, unstable]) endWithUs(process);
    const gateways = new StrainedGateways(full, neglected, unstable, folder);
    await gateways.#breakKeys();
    await gateways.#breakConfiguration();
    await gateways.#limitFiles();
    return gateways;
  }

  get metricsUrls(): string[] {
    return [this.#full.metricsUrl, this.#neglected.metricsUrl, this.#unstable.metricsUrl];
  }

  /** Holds every connection, one of them with an upload; and ends a worker. */
  async provoke(): Promise<void> {
    await this.#endWorker();
    this.#idle = this.#idle.filter(({ socket }) => !socket.destroyed);
    while (this.#idle.length < MOST_CONNECTIONS - 1) this.#idle.push(await RawClient.connect(this.#full.url));
    if (this.#uploading?.socket.destroyed === false) return;
    this.#uploading = await RawClient.connect(this.#full.url);
    this.#uploading.write(UPLOAD);
  }

  async close(): Promise<void> {
    clearInterval(this.#stops);
    this.#full.process.kill('SIGCONT');
    for (const client of this.#idle) client.destroy();
    this.#uploading?.destroy();
    await Promise.all([this.#full.stop(), this.#neglected.stop(), this.#unstable.stop()]);
    await rm(this.#folder, { recursive: true });
  }

  #stopForAMoment(): void {
    this.#full.process.kill('SIGSTOP');
    setTimeout(() => this.#full.process.kill('SIGCONT'), STOPPED_MILLIS);
  }

  async #breakKeys(): Promise<void> {
    await writeFile(join(this.#folder, 'keys.yaml'), 'credentials: [{ access_key: BROKEN }]\n');
    this.#neglected.process.kill('SIGHUP');
    await this.#neglected.logged(({ msg }) => String(msg).startsWith('access keys could not be read again'));
  }

  async #breakConfiguration(): Promise<void> {
    await writeFile(this.#unstable.file, 'buckets: [');
    this.#unstable.process.kill('SIGHUP');
    await this.#unstable.logged(({ msg }) => String(msg).startsWith('the configuration could not be read again'));
  }

  /** Not too often: a gateway whose workers end again and again ends. */
  async #endWorker(): Promise<void> {
    if (performance.now() - this.#endedAt < BETWEEN_ENDS) return;
    this.#endedAt = performance.now();
    const { pid } = this.#unstable.process;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const [worker] = children.trim().split(' ');
    process.kill(Number(worker), 'SIGKILL');
  }

  /** Leaves a few file descriptors, as many as its connections and a scrape need. */
  async #limitFiles(): Promise<void> {
    const figure = await readMetrics(this.#full.metricsUrl);
    const most = figure('process_open_fds') + MOST_CONNECTIONS + 2;
    const { status, stderr } = spawnSync('prlimit', [`--pid=${this.#full.process.pid}`, `--nofile=${most}:${most}`]);
    if (status !== 0) throw new Error(`prlimit: ${stderr}`);
  }
}

async function neglectedConfig(folder: string, s3: object): Promise<object> {
  const file = (name: string): string => join(folder, name);
  await writeFile(file('cert.pem'), EXPIRED_CERTIFICATE);
  await writeFile(file('key.pem'), EXPIRED_KEY);
  await writeFile(file('ca.pem'), AUTHORITY);
  await writeFile(file('keys.yaml'), 'credentials: [{ access_key: DEVICE7, secret_key: the-secret-of-device-7 }]\n');
  return {
    server: {
      address: '127.0.0.1:0',
      tls: { cert_file: file('cert.pem'), key_file: file('key.pem'), client_ca_file: file('ca.pem') },
    },
    buckets: [{ name: 'uploads', s3, auth: { sigv4: { credentials_file: file('keys.yaml') } } }],
    tracing: { enabled: false },
    metrics: { port: 0 },
  };
}
