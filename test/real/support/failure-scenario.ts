/**
 * Gateways that go through every failure that the dashboard and the alerts cover: refused clients, policies that deny, are busy or
 * unavailable, stores that fail, refuse the gateway or are slow, an unreachable identity provider, exhausted memory, limits and files that need
 * attention, and an unreachable collector.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeEngine } from '../../support/fake-engine.ts';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { RawClient, send } from '../../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../../support/otlp-receiver.ts';
import { answering, answerWell, RawStore } from '../../support/raw-store.ts';
import { endWithUs } from './end-with-us.ts';
import { StrainedGateways } from './strained-gateways.ts';

const NOBODY = 'http://127.0.0.1:1';
const SLOW_MILLIS = 2_500;
/** Of a policy engine: longer than between two scrapes. */
const BUSY_MILLIS = 1_500;
const UPLOAD_ID = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';

export class FailureScenario {
  /** Traces failures; its collector accepts them. */
  readonly #first: GatewayProcess;
  /** Traces everything; its collector is unreachable. */
  readonly #second: GatewayProcess;
  readonly #strained: StrainedGateways;
  readonly #ends: (() => Promise<unknown>)[];
  #slow: Promise<unknown> | undefined;
  #busy: Promise<unknown> | undefined;

  private constructor(
    first: GatewayProcess,
    second: GatewayProcess,
    strained: StrainedGateways,
    ends: (() => Promise<unknown>)[],
  ) {
    this.#first = first;
    this.#second = second;
    this.#strained = strained;
    this.#ends = ends;
  }

  static async start(): Promise<FailureScenario> {
    const store = await RawStore.start();
    let flaky = false;
    store.behaviour = (request, response, record) => {
      const { target, method } = record;
      if (target.startsWith('/failing'))
        return answering(503, '<Error><Code>SlowDown</Code></Error>')(request, response, record);
      if (target.startsWith('/forbidden'))
        return answering(403, '<Error><Code>InvalidAccessKeyId</Code></Error>')(request, response, record);
      // Each second request is the repetition of a lost one.
      if (target.startsWith('/flaky') && (flaky = !flaky)) return void request.socket.destroy();
      if (method === 'POST') return answering(200, UPLOAD_ID)(request, response, record);
      if (target.startsWith('/slow')) setTimeout(() => void answerWell(request, response, record), SLOW_MILLIS);
      else return answerWell(request, response, record);
    };
    const engine = await FakeEngine.start();
    engine.behaviour = ({ url = '' }, response) =>
      void setTimeout(() => response.end('{"result":false}'), url.endsWith('/busy') ? BUSY_MILLIS : 0);
    const collector = await receiveHttp();
    const folder = await mkdtemp(join(tmpdir(), 'mizuchi-failures-'));
    const first = await startGatewayProcess(firstConfig(store, engine, collector));
    const second = await startGatewayProcess(secondConfig(store, folder));
    for (const { process } of [first, second]) endWithUs(process);
    const strained = await StrainedGateways.start(bucketAt(store)('uploads').s3);
    return new FailureScenario(first, second, strained, [
      () => first.stop(),
      () => second.stop(),
      () => strained.close(),
      () => store.close(),
      () => engine.close(),
      () => collector.close(),
      () => rm(folder, { recursive: true }),
    ]);
  }

  get metricsUrls(): string[] {
    return [this.#first.metricsUrl, this.#second.metricsUrl, ...this.#strained.metricsUrls];
  }

  /** Once of each; what is counted must be seen to grow, so it takes more than one round. */
  async provoke(): Promise<void> {
    const put = (bucket: string, headers = {}) =>
      send(this.#first.url, 'PUT', `/${bucket}/${'k'.repeat(100)}`, 'hello', headers);
    this.#slow ??= Promise.all([put('slow'), ...many(3, () => this.#takeMemory())]).finally(
      () => (this.#slow = undefined),
    );
    this.#busy ??= Promise.all(many(6, (i) => send(this.#first.url, 'PUT', `/busy/k${i}`, 'hello'))).finally(
      () => (this.#busy = undefined),
    );
    await Promise.all([
      this.#strained.provoke(),
      ...['uploads', 'failing', 'forbidden', 'guarded', 'denied', 'unjudged', 'unjudged'].map((bucket) => put(bucket)),
      put('guarded', spoiledSignature()),
      put('tokens', { authorization: `Bearer ${unverifiableToken()}` }),
      send(this.#first.url, 'HEAD', '/flaky/k'),
      ...many(10, () => send(this.#first.url, 'POST', '/uploads/k?uploads', '')),
      ...many(50, () => send(this.#second.url, 'PUT', '/uploads/k', 'hello')),
      ...many(200, () => send(this.#first.url, 'GET', '/uploads/k')),
    ]);
    await this.#knockTooOften();
  }

  async close(): Promise<void> {
    await Promise.all([this.#slow, this.#busy]);
    for (const end of this.#ends) await end();
  }

  /** The memory for parts has room for one part: the others wait as long as the store does not answer. */
  #takeMemory(): Promise<unknown> {
    return send(this.#first.url, 'PUT', '/slow/k', Buffer.alloc(6 << 20), { 'transfer-encoding': 'chunked' });
  }

  /** More connections than the second gateway holds. */
  async #knockTooOften(): Promise<void> {
    const clients = await Promise.all(many(MOST_CONNECTIONS + 4, () => RawClient.connect(this.#second.url)));
    await Promise.race(clients.map((client) => client.closed()));
    for (const client of clients) client.destroy();
    await Promise.all(clients.map((client) => client.closed()));
  }
}

const MOST_CONNECTIONS = 60;

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

function bucketAt(store: RawStore) {
  return (name: string, more: object = {}, s3: object = {}) => ({
    name,
    s3: { bucket: name, endpoint: store.url, access_key: 'a', secret_key: 's', ...s3 },
    ...more,
  });
}

function firstConfig(store: RawStore, engine: FakeEngine, collector: OtlpReceiver): object {
  const bucket = bucketAt(store);
  const credentials = [{ access_key: 'DEVICE7', secret_key: 'the-secret-of-device-7' }];
  const policy = (url: string, more: object = {}) => ({ authz: { opa: { url, policy_path: 'a/b', ...more } } });
  const jwt = { jwks_url: `${NOBODY}/keys`, algorithms: ['RS256'] };
  return {
    server: { address: '127.0.0.1:0' },
    buckets: [
      ...['uploads', 'failing', 'forbidden'].map((name) => bucket(name)),
      bucket('slow', {}, { max_connections: 2 }),
      bucket('flaky', { head: 'allow' }),
      bucket('tokens', { auth: { jwt } }),
      bucket('busy', policy(engine.url, { policy_path: 'a/busy', max_concurrent: 1, timeout_seconds: 10 })),
      bucket('guarded', { auth: { sigv4: { credentials } } }),
      bucket('denied', policy(engine.url)),
      bucket('unjudged', policy(NOBODY)),
    ],
    upload: { memory_limit: '8MiB', part_size: '5MiB', max_object_size: '1GiB', memory_wait_seconds: 3600 },
    tracing: {
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 100 },
      limits: { attribute_value_length_limit: 32 },
      sampling: { strategy: 'never', keep: { errors: true, denied: true } },
    },
    metrics: { port: 0 },
  };
}

function secondConfig(store: RawStore, folder: string): object {
  return {
    server: { address: '127.0.0.1:0', max_connections: MOST_CONNECTIONS },
    buckets: [bucketAt(store)('uploads')],
    tracing: {
      otlp: { endpoint: NOBODY, protocol: 'http/protobuf', timeout_seconds: 1 },
      batch: { scheduled_delay_millis: 1000, max_queue_size: 64 },
      fallback: 'file',
      fallback_file: { path: join(folder, 'spans.jsonl') },
    },
    metrics: { port: 0 },
  };
}

/** Of an identity provider that cannot be reached. */
function unverifiableToken(): string {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { sub: 'device-7', exp: Math.floor(Date.now() / 1000) + 3600 };
  return `${encoded({ alg: 'RS256', kid: 'k' })}.${encoded(claims)}.${Buffer.alloc(256).toString('base64url')}`;
}

function spoiledSignature(): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `DEVICE7/${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signed = 'SignedHeaders=host;x-amz-content-sha256;x-amz-date';
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, ${signed}, Signature=${'0'.repeat(64)}`,
    'x-amz-date': date,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
  };
}
