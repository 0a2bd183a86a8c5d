/** Requests of scenarios: sent whole, in halves, and by clients that disconnect. */
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { RawClient, send } from '../http-client.ts';
import type { Behaviour, StoreRequest } from '../raw-store.ts';
import { readMetrics } from '../read-metrics.ts';
import { sealedId } from '../sealed-id.ts';
import type { TestGateway } from '../start-gateway.ts';
import type { Received, World } from './scenario.ts';

export const MIB = 1024 ** 2;
/** An upload that the store calls `store-upload-1`. */
export const UPLOAD = `/uploads/k?uploadId=${sealedId('k', 'store-upload-1')}`;
const LIST = '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';

export const WHOLE = 'PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello';
const HALF_BYTES = 100_000;
export const HALF = `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(HALF_BYTES)}`;
const LARGE = `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${6 * MIB}\r\n\r\n${'x'.repeat(6 * MIB)}`;

/** An upload of undeclared length, which the gateway can only send in parts. */
export const UNDECLARED = `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n${(6 * MIB).toString(16)}\r\n${'x'.repeat(6 * MIB)}\r\n0\r\n\r\n`;
/** Memory for the parts of one such upload. */
export const ONE_AT_A_TIME = { memory_limit: '8MiB', part_size: '5MiB', multipart_threshold: '5MiB' };
/** The same request for another key, which only sets the scene. */
export const ofOther = (request: string): string => request.replace('/uploads/k', '/uploads/other');

/** Sends one request, and returns the status and the S3 code. */
export async function exchange(
  { gateway }: Pick<World, 'gateway'>,
  method: string,
  target: string,
  body?: string | Buffer,
  headers?: Record<string, string>,
): Promise<Received> {
  const response = await send(gateway.url, method, target, body, headers);
  return receivedOf(String(response.status), response.body);
}

/** The same, on a plain socket: for what no client library sends. */
export async function exchangeRaw({ gateway }: Pick<World, 'gateway'>, request: string): Promise<Received> {
  const client = await RawClient.connect(gateway.url);
  client.write(request);
  const [response] = await client.until(/^HTTP[\s\S]*<\/Error>/);
  client.destroy();
  return receivedOf(response.split(' ', 2)[1]!, response);
}

function receivedOf(status: string, body: string): string {
  return [status, /<Code>([^<]*)/.exec(body)?.[1]].filter(Boolean).join(' ');
}

export const put = (world: World): Promise<Received> => exchange(world, 'PUT', '/uploads/k', 'hello');
export const complete = (world: World): Promise<Received> => exchange(world, 'POST', UPLOAD, LIST);

/** Polls: nothing announces it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise(setImmediate);
}

const metric = async ({ app }: TestGateway, name: string): Promise<number> =>
  (await readMetrics(`http://127.0.0.1:${app.metricsPort}/metrics`))(name);

/** Resolves when the metric of the gateway has this value. */
export const untilMetric = ({ gateway }: World, name: string, value: number): Promise<void> =>
  until(async () => (await metric(gateway, name)) === value);

/** Bytes of each request that a silent store has. */
const received = new WeakMap<StoreRequest, number>();

/** Reads the request, and never responds. */
export const silent: Behaviour = (request, _, record) => {
  request.on('data', ({ length }: Buffer) => received.set(record, (received.get(record) ?? 0) + length));
};

const departures = new EventEmitter();

/** Reads the request, and responds when the gateway knows that its client has left. */
export const afterDeparture =
  (then: (response: ServerResponse) => void): Behaviour =>
  async (request, response) => {
    request.resume();
    await once(departures, 'departed');
    then(response);
  };

export type Has = (first: StoreRequest) => Promise<void>;
export const whole: Has = ({ over }) => over;
export const half: Has = (first) => until(() => received.get(first) === HALF_BYTES);

/** A client that disconnects when the store has so much of its request. Resolves when the gateway has noticed. */
export async function disconnect({ gateway, store }: World, request: string, has: Has): Promise<undefined> {
  const client = await RawClient.connect(gateway.url);
  const arrived = store.next();
  client.write(request);
  await has(await arrived);
  await leave(gateway, client);
}

/** Resolves when the gateway has noticed. */
export async function leave(gateway: TestGateway, client: RawClient): Promise<undefined> {
  const before = await metric(gateway, 'mizuchi_connections');
  client.socket.resetAndDestroy();
  await until(async () => (await metric(gateway, 'mizuchi_connections')) < before);
  departures.emit('departed');
}

export const leaveWhole = (world: World) => disconnect(world, WHOLE, whole);
export const leaveHalf = (world: World) => disconnect(world, HALF, half);

/** The store has all parts, and responds to none. */
export function leaveParts(world: World): Promise<undefined> {
  const before = world.store.requests.length;
  const parts = () => world.store.requests.slice(before).filter(({ method }) => method === 'PUT');
  const bytes = () => parts().reduce((sum, part) => sum + (received.get(part) ?? 0), 0);
  return disconnect(world, LARGE, () => until(() => bytes() === 6 * MIB));
}
