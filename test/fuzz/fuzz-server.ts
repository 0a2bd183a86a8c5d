/**
 * Random requests for a running gateway over sockets: heads, targets, forms, framings and documents, mixed, cut and smuggled. Each
 * connection must end or be answered, nothing may be a failure of the gateway itself, and afterwards it still works.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { BOUNDARY, END, field, filePart } from '../support/forms.ts';
import { send } from '../support/http-client.ts';
import { RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';
import { Finding } from './fuzz-parsers.ts';
import { HOSTILE_REQUESTS, TARGETS } from './hostile-requests.ts';
import { below, oneOf, type Random, randomText } from './random-text.ts';

const TEMPLATES = [...HOSTILE_REQUESTS, ...TARGETS];
/** What two readers of one connection could understand differently (RFC 9112, section 11.2). */
const SMUGGLED = [
  'Content-Length: 5\r\n',
  'Content-Length: +5\r\n',
  'Content-Length: 5, 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding:\tchunked\r\n',
  ' folded\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: h2c\r\n',
  'Connection: close\r\n',
  'Host: a\r\n',
  '\r\n',
  '\n',
  '0\r\n\r\n',
  'PUT /open/smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
];
const METHODS = ['PUT', 'POST', 'GET', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'put', 'P\0T', ''];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', ''];

function randomRequest(random: Random): string {
  const kind = random();
  const template = oneOf(random, TEMPLATES);
  if (kind < 0.4) return template.request(randomText(random, template.pieces));
  const body = kind < 0.6 ? randomForm(random) : randomText(random, template.pieces);
  const head = [
    `${oneOf(random, METHODS)} /open/${randomText(random, TARGETS[0]!.pieces)} ${oneOf(random, VERSIONS)}\r\n`,
    'Host: x\r\n',
    `Content-Length: ${body.length + below(random, 3) - 1}\r\n`,
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n`,
  ];
  for (let left = below(random, 4); left > 0; left--)
    head.splice(below(random, head.length + 1), 0, oneOf(random, SMUGGLED));
  return `${head.join('')}\r\n${body}`;
}

function randomForm(random: Random): string {
  const value = (): string => randomText(random, [`\${filename}`, 'a', '\r\n', `--${BOUNDARY}`, '"']);
  return `${field('key', value())}${field('x-amz-meta-a', value())}${filePart(value(), value())}${END}`;
}

/** How long a connection may be held that is neither answered nor ended: far more than the clocks of the gateway below. */
const LONGEST_MILLIS = 30_000;

/** Sends it in random pieces, some of it perhaps never. Resolves when the connection is over. */
function exchange(random: Random, port: number, request: string): Promise<void> {
  const bytes = Buffer.from(request, 'latin1');
  const end = random() < 0.3 ? below(random, bytes.length) : bytes.length;
  const cuts = Array.from({ length: below(random, 6) }, () => below(random, end)).sort((a, b) => a - b);
  const leaves = oneOf(random, ['ends', 'resets', 'waits']);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Finding(`a connection was neither answered nor ended: ${JSON.stringify(request)}`));
    }, LONGEST_MILLIS);
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimeout(late);
        resolve();
      });
    socket.on('data', () => socket.end());
    socket.setNoDelay(true);
    let at = 0;
    for (const cut of [...cuts, end]) {
      socket.write(bytes.subarray(at, cut));
      at = cut;
    }
    if (leaves === 'ends') socket.end();
    if (leaves === 'resets') socket.write('', () => socket.resetAndDestroy());
  });
}

/** A gateway of its own, with short clocks. */
export class ServerFuzzer {
  readonly #gateway: TestGateway;
  readonly #store: RawStore;
  #seen = 0;

  private constructor(gateway: TestGateway, store: RawStore) {
    this.#gateway = gateway;
    this.#store = store;
  }

  static async start(): Promise<ServerFuzzer> {
    const store = await RawStore.start();
    const s3 = {
      bucket: 'my-bucket',
      endpoint: store.url,
      access_key: 'mizuchi',
      secret_key: randomBytes(8).toString('hex'),
    };
    const auth = { sigv4: { credentials: [{ access_key: 'DEV', secret_key: 'devsecretdevsecret', subject: 'dev' }] } };
    const buckets = [
      { name: 'open', s3 },
      { name: 'closed', s3, auth, cors: { allowed_origins: ['https://*.example.com'] } },
    ];
    const server = { header_timeout_seconds: 1, body_idle_timeout_seconds: 1 };
    return new ServerFuzzer(await startGateway({ storeUrl: store.url, server, buckets }), store);
  }

  /** So many connections at once. @throws Finding */
  async round(random: Random, connections: number): Promise<void> {
    const requests = Array.from({ length: connections }, () => randomRequest(random));
    await Promise.all(requests.map((request) => exchange(random, this.#gateway.app.port, request)));
    const { status } = await send(this.#gateway.url, 'GET', '/health');
    if (status !== 200) throw new Finding(`/health answers ${status}`);
    const lines = this.#gateway.log.splice(0);
    const failed = lines.find(({ error_type }) => error_type === 'internal_error');
    this.#seen += lines.length;
    this.#store.requests.splice(0);
    if (failed !== undefined)
      throw new Finding(
        `a request failed in the gateway itself: ${JSON.stringify(failed)}\none of ${JSON.stringify(requests)}`,
      );
  }

  /** Requests that were judged and logged. */
  get judged(): number {
    return this.#seen;
  }

  async close(): Promise<void> {
    await this.#gateway.close();
    await this.#store.close();
  }
}
