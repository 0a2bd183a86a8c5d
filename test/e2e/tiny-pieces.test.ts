import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { BOUNDARY, field, filePart } from '../support/forms.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { peakBytes, residentBytes } from '../support/process-figures.ts';
import type { HeldMemory, OpenSockets } from '../support/report-memory.ts';
import { REPORT_MEMORY } from '../support/report-memory-arguments.ts';
import { sealedId } from '../support/sealed-id.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../support/self-signed.ts';

/** What one-byte pieces may hold beyond what the same bytes hold in one piece, in bytes: garbage of V8, and a block for each. */
const ALLOWED = 2 * 1024 * 1024;
/** Of each connection, unless a path takes less. */
const BYTES = 20_000;
const CONNECTIONS = 4;
/** Of each connection where every byte is a packet. */
const DRIPPED = 10_000;

const one = (bytes: string): string => [...bytes].map((byte) => `1\r\n${byte}\r\n`).join('');
const whole = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
type Framed = (bytes: string) => string;

/** Accepts connections, and does with the first bytes of each what it was told. */
class Stub {
  answer: ((socket: Socket) => void) | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
      socket.once('data', () => this.answer?.(socket));
    });
  }

  static async start(): Promise<Stub> {
    const stub = new Stub();
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** An answer of which the last byte never comes. @returns how many bytes that will be. */
  begins(body: string): number {
    const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body}`;
    this.answer = (socket) => void socket.write(answer);
    return answer.length;
  }

  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.drop();
    this.#server.close();
  }
}

/**
 * Each path on which bytes come in pieces and are held: once in large pieces, and once byte by byte. The gateway speaks TLS, so
 * that a byte that is written alone is read alone.
 */
describe('memory for bodies that come byte by byte', () => {
  let gateway: GatewayProcess;
  let folder: string;
  let reportUrl: string;
  let [store, engine, keys, unreachable]: Stub[] = [];
  let provider: IdentityProvider;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-pieces-'));
    await writeFile(join(folder, 'cert.pem'), SELF_SIGNED_CERTIFICATE);
    await writeFile(join(folder, 'key.pem'), SELF_SIGNED_KEY);
    [store, engine, keys, unreachable] = await Promise.all([Stub.start(), Stub.start(), Stub.start(), Stub.start()]);
    provider = await IdentityProvider.start();
    const s3 = {
      bucket: 'my-bucket',
      endpoint: `http://127.0.0.1:${store.port}`,
      access_key: 'a',
      secret_key: 'mizuchi-secret',
    };
    const authz = { opa: { url: `http://127.0.0.1:${engine.port}`, policy_path: 'a', timeout_seconds: 60 } };
    const jwt = (path: string) => ({
      issuer: provider.issuer,
      audience: 'uploads',
      jwks_url: `http://127.0.0.1:${keys!.port}${path}`,
      algorithms: ['RS256'],
    });
    // Its handshake never ends, so nothing of an object is taken.
    const silent = { ...s3, endpoint: `https://127.0.0.1:${unreachable.port}`, connect_timeout_seconds: 60 };
    const config = {
      server: {
        address: '127.0.0.1:0',
        tls: { cert_file: join(folder, 'cert.pem'), key_file: join(folder, 'key.pem') },
      },
      buckets: [
        { name: 'uploads', s3 },
        { name: 'judged', s3, authz },
        { name: 'also-judged', s3, authz }, // whose breaker has seen nothing yet
        { name: 'known', s3, auth: { jwt: jwt('/keys') } },
        { name: 'also-known', s3, auth: { jwt: jwt('/other-keys') } },
        { name: 'silent', s3: silent },
      ],
      metrics: { enabled: false },
    };
    gateway = await startGatewayProcess(config, REPORT_MEMORY);
    reportUrl = String((await gateway.logged(({ msg }) => msg === 'memory')).url);
  });
  after(async () => {
    await gateway.stop();
    await provider.close();
    for (const stub of [store, engine, keys, unreachable]) stub?.close();
    await rm(folder, { recursive: true });
  });

  const openSockets = async (): Promise<OpenSockets> =>
    (await fetch(`${reportUrl}/sockets`)).json() as Promise<OpenSockets>;

  /** @returns how many bytes the gateway holds then. */
  const heldWhen = async (reached: (now: OpenSockets) => boolean): Promise<number> => {
    while (!reached(await openSockets())) await delay(10);
    const { held } = (await (await fetch(reportUrl)).json()) as HeldMemory;
    return held;
  };

  const secureContext = createSecureContext();

  /** Opens a connection and sends what is given, each on its own. */
  async function send(writes: Iterable<string>): Promise<{ tcp: Socket; tls: TLSSocket }> {
    const tcp = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    tcp.setNoDelay(true);
    const tls = connectTls({ socket: tcp, rejectUnauthorized: false, secureContext });
    tls.on('error', () => {});
    await once(tls, 'secureConnect');
    for (const bytes of writes) await new Promise((resolve) => tls.write(bytes, resolve));
    return { tcp, tls };
  }

  /**
   * @param answered bytes that will come from behind the gateway for each connection.
   * @returns how many bytes more the gateway holds when it has read everything.
   */
  async function growth(connections: number, writes: () => Iterable<string>, answered = 0): Promise<number> {
    const heldBefore = await heldWhen(({ sockets }) => {
      dropAll(); // also what the gateway has sent again
      return sockets === 0;
    });
    const clients = await Promise.all(Array.from({ length: connections }, () => send(writes())));
    const sent = clients.reduce((sum, { tcp }) => sum + tcp.bytesWritten, 0);
    const heldAfter = await heldWhen(({ read }) => read >= sent + answered * connections);
    for (const { tls } of clients) assert.equal(tls.bytesRead, 0, 'it is not answered yet');
    for (const { tls } of clients) tls.destroy();
    return heldAfter - heldBefore;
  }

  function dropAll(): void {
    for (const stub of [store, engine, keys, unreachable]) stub?.drop();
  }

  const request = (line: string, ...headers: string[]): string =>
    [`${line} HTTP/1.1`, 'Host: g', ...headers, '', ''].join('\r\n');
  const put = (target: string, ...headers: string[]): string => request(`PUT ${target}`, ...headers);
  const CHUNKED = 'Transfer-Encoding: chunked';
  const x = 'x'.repeat(BYTES);

  const framed = (head: string, body: string) => (frame: Framed) => [head + frame(body)];
  const awsChunked = (length: number, ...headers: string[]) => [
    `x-amz-decoded-content-length: ${length}`,
    'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-trailer: x-amz-checksum-crc32',
    ...headers,
  ];
  const complete = () => `POST /uploads/k?uploadId=${sealedId('k', 'u')}`;
  const parts = Array.from(
    { length: 500 },
    (_, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>&quot;${'e'.repeat(32)}&quot;</ETag></Part>`,
  ).join('\n');
  const document = (inner: string) => framed(request(complete(), CHUNKED), `<CompleteMultipartUpload>${inner}`);
  const signed = (data: string) => `${(data.length + 1).toString(16)};chunk-signature=${'0'.repeat(64)}\r\n${data}`;

  const paths: [what: string, writes: (frame: Framed) => string[], connections?: number][] = [
    ['an object of undeclared length', framed(put('/uploads/k', CHUNKED), x)],
    ['an object that nobody has asked for yet', framed(put('/judged/k', CHUNKED), x)],
    [
      'an object that the store does not take',
      (frame) => [put('/silent/k', 'Content-Length: 9000000', ...awsChunked(900_000)) + frame(x)],
    ],
    [
      'a small object, aws-chunked',
      (frame) => [put('/uploads/k', 'Content-Length: 900000', ...awsChunked(BYTES + 1)) + frame(x)],
    ],
    [
      'a small object, in a signed chunk',
      framed(
        put(
          '/uploads/k',
          CHUNKED,
          `x-amz-decoded-content-length: ${BYTES + 1}`,
          'x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        ),
        signed(x),
      ),
    ],
    [
      'the trailer of an object',
      framed(put('/uploads/k', CHUNKED, ...awsChunked(1)), `1\r\nx\r\n0\r\nx-amz-checksum-crc32:${'A'.repeat(900)}`),
      100,
    ],
    ['the parts of a completion', document(parts)],
    ['a text in a completion', document(' '.repeat(7_000)), 30],
    ['a name in a completion', document(`<Part><${'a'.repeat(7_000)}`), 30],
    [
      'attributes in a completion',
      document(`<Part ${Array.from({ length: 700 }, (_, i) => `a${i}="1" `).join('')}`),
      30,
    ],
    ['a comment in a completion', document(`<!--${'a'.repeat(7_000)}`), 30],
  ];
  for (const [what, writes, connections = CONNECTIONS] of paths) {
    it(`is about the same as for larger pieces: ${what}`, async (t) => {
      const large = await growth(connections, () => writes(whole));
      const tiny = await growth(connections, () => writes(one));
      t.diagnostic(figures(tiny, large));
      assert.ok(tiny < Math.max(large, 0) + ALLOWED, `${tiny} bytes`);
    });
  }

  const form = (bucket: string, length: number): string =>
    request(`POST /${bucket}`, `Content-Type: multipart/form-data; boundary=${BOUNDARY}`, `Content-Length: ${length}`);
  const file = filePart('').replace(/\r\n$/, '');
  const forms: [what: string, head: string, body: string][] = [
    ['the fields of a form', form('uploads', 30_000), field('key', 'y'.repeat(DRIPPED)).slice(0, -4)],
    ['the small file of a form', form('uploads', 30_000), field('key', 'k') + file + 'y'.repeat(DRIPPED)],
    ['a file that is not wanted yet', form('judged', 300_000), field('key', 'k') + file + 'y'.repeat(DRIPPED)],
    ['a file that the store does not take', form('silent', 300_000), field('key', 'k') + file + 'y'.repeat(DRIPPED)],
  ];
  for (const [what, head, body] of forms) {
    it(`is about the same as for larger pieces: ${what}`, async (t) => {
      const large = await growth(CONNECTIONS, () => [head, body]);
      const tiny = await growth(CONNECTIONS, () => [head, ...body]);
      t.diagnostic(figures(tiny, large));
      assert.ok(tiny < Math.max(large, 0) + ALLOWED, `${tiny} bytes`);
    });
  }

  it('is allocated when bytes come, and not in advance: a form that has just begun', async (t) => {
    const [connections, most] = [120, 20 * 1024];
    const ofObjects = () => growth(connections, () => [put('/uploads/k', 'Content-Length: 30000'), '--']);
    const ofForms = () => growth(connections, () => [form('uploads', 30_000), '--']);
    // What others left behind is let go while so many are open, so the first round says nothing.
    const rounds: [object: number, begun: number][] = [];
    for (let round = 0; round < 4; round++) rounds.push([await ofObjects(), await ofForms()]);
    const [object, begun] = [0, 1].map((which) => median(rounds.slice(1).map((round) => round[which]!))) as [
      number,
      number,
    ];
    t.diagnostic(figures(begun, object));
    assert.ok(begun < Math.max(object, 0) + (connections * most) / 2, `${begun} bytes`);
  });

  const answers: [whose: string, stub: () => Stub, bytes: number, request: () => Promise<string>[]][] = [
    [
      'the store',
      () => store!,
      BYTES,
      () => Array(2).fill(Promise.resolve(request(`GET /uploads/k?uploadId=${sealedId('k', 'u')}`))),
    ],
    [
      'the policy engine',
      () => engine!,
      BYTES,
      () => Array(2).fill(Promise.resolve(put('/also-judged/k', 'Content-Length: 1'))),
    ],
    // A second request for keys would be made seconds later only.
    [
      'the identity provider',
      () => keys!,
      5 * BYTES,
      () =>
        ['known', 'also-known'].map(async (bucket) =>
          put(`/${bucket}/k`, 'Content-Length: 1', `Authorization: Bearer ${await provider.token()}`),
        ),
    ],
  ];
  for (const [whose, stub, bytes, requests] of answers) {
    it(`is about the same as for larger pieces: a response of ${whose}`, async (t) => {
      const [first, second] = await Promise.all(requests());
      const large = await growth(1, () => [first!], stub().begins(whole('x'.repeat(bytes))));
      const tiny = await growth(1, () => [second!], stub().begins(one('x'.repeat(bytes))));
      t.diagnostic(figures(tiny, large));
      assert.ok(tiny < Math.max(large, 0) + ALLOWED, `${tiny} bytes`);
    });
  }
});

describe('memory for a response of a collector that comes byte by byte', () => {
  /** The exporter has a heap of its own, so the whole process is what is looked at, garbage included. */
  const MOST = 48 * 1024 * 1024;

  it('is no more than the bytes of the response, and some garbage', async (t) => {
    const collector = await Stub.start();
    const config = {
      server: { address: '127.0.0.1:0' },
      buckets: [
        {
          name: 'uploads',
          s3: { bucket: 'my-bucket', endpoint: 'http://127.0.0.1:1', access_key: 'a', secret_key: 's' },
        },
      ],
      metrics: { enabled: false },
      tracing: {
        enabled: true,
        batch: { scheduled_delay_millis: 100 },
        otlp: { endpoint: `http://127.0.0.1:${collector.port}`, protocol: 'http/protobuf' },
      },
    };
    const gateway = await startGatewayProcess(config);
    const answered = async (frame: Framed): Promise<void> => {
      const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
      const read = new Promise<void>((resolve) => {
        collector.answer = (socket) =>
          void socket.end(`${head}${frame('x'.repeat(500_000))}0\r\n\r\n`).once('close', () => resolve());
      });
      await fetch(`${gateway.url}/no-such-bucket/k`);
      await read;
    };
    await answered(whole);
    const before = residentBytes(gateway.process.pid!);
    await answered(one);
    const growth = peakBytes(gateway.process.pid!) - before;
    t.diagnostic(`${kib(growth)} KiB`);
    assert.ok(growth < MOST, `${growth} bytes`);
    await gateway.stop();
    collector.close();
  });
});

const figures = (tiny: number, large: number): string => `${kib(tiny)} KiB byte by byte, ${kib(large)} KiB otherwise`;

const kib = (bytes: number): number => Math.round(bytes / 1024);

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
