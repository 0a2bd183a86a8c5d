/** Scenario → the response, the trace, the log line and the metric. The sides of failures, and the outcomes of uploads. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { RawClient } from '../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { answering, answerWell, type Behaviour, RawStore, type StoreRequest } from '../support/raw-store.ts';
import { assertScenario, disconnect, exchange, type Scenario, until, type World } from '../support/scenarios.ts';
import { sealedId } from '../support/sealed-id.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

const errorOf = (code: string): string => `<Error><Code>${code}</Code><Message>m</Message></Error>`;
const refusing = (status: number, code: string): Behaviour => answering(status, errorOf(code));
const UPLOAD = `/uploads/k?uploadId=${sealedId('k', 'store-upload-1')}`;
const LIST = '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>';
const MIB = 1024 ** 2;

const put = (world: World): ReturnType<typeof exchange> => exchange(world, 'PUT', '/uploads/k', 'hello');
const complete = (world: World): ReturnType<typeof exchange> => exchange(world, 'POST', UPLOAD, LIST);

const WHOLE = 'PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello';
const HALF_BYTES = 100_000;
const HALF = `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(HALF_BYTES)}`;

/** Bytes of each request that a silent store has. */
const received = new WeakMap<StoreRequest, number>();
/** Reads the request, and never responds. */
const silent: Behaviour = (request, _, record) => {
  request.on('data', ({ length }: Buffer) => received.set(record, (received.get(record) ?? 0) + length));
};
/** Reads the request, and responds when the gateway knows that its client has left. */
const departures = new EventEmitter();
const afterDeparture =
  (then: (response: ServerResponse) => void): Behaviour =>
  async (request, response) => {
    request.resume();
    await once(departures, 'departed');
    then(response);
  };
/** Reads the request, and calls `then` some time after its end. */
const slowly =
  (then: (response: ServerResponse) => void, millis: number): Behaviour =>
  (request, response) => {
    request.resume();
    request.once('end', () => setTimeout(() => then(response), millis));
  };
const LARGE = `PUT /uploads/k HTTP/1.1\r\nHost: g\r\nContent-Length: ${6 * MIB}\r\n\r\n${'x'.repeat(6 * MIB)}`;
const whole = ({ over }: StoreRequest): Promise<void> => over;
const half = (first: StoreRequest): Promise<void> => until(() => received.get(first) === HALF_BYTES);
const leave = async (world: World, request: string, has: typeof whole): Promise<undefined> => {
  await disconnect(world, request, has);
  departures.emit('departed');
};
const leaveWhole = (world: World) => leave(world, WHOLE, whole);
const leaveHalf = (world: World) => leave(world, HALF, half);
/** The store has all parts, and responds to none. */
const leaveParts = (world: World) => {
  const before = world.store.requests.length;
  const parts = () => world.store.requests.slice(before).filter(({ method }) => method === 'PUT');
  const bytes = () => parts().reduce((sum, part) => sum + (received.get(part) ?? 0), 0);
  return leave(world, LARGE, () => until(() => bytes() === 6 * MIB));
};

const refused = { side: 'client', span: 'unset', outcome: 'not_stored' } as const;
const misconfigured = {
  type: 'store_refused_gateway',
  side: 'gateway',
  span: 'error',
  response: '502 BadGateway',
  outcome: 'not_stored',
} as const;
const failed = { side: 'store', span: 'error' } as const;

/** A store that creates the upload of a split object. */
const inParts =
  (part: Behaviour, rest: Behaviour): Behaviour =>
  (request, response, record) => {
    const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
    if (request.url?.includes('?uploads')) return answering(200, created)(request, response, record);
    return (request.method === 'PUT' ? part : rest)(request, response, record);
  };

const SIDES: readonly Scenario[] = [
  ...(
    [
      [403, 'AccessDenied'],
      [403, 'InvalidAccessKeyId'],
      [403, 'SignatureDoesNotMatch'],
      [403, 'RequestTimeTooSkewed'],
      [404, 'NoSuchBucket'],
      [301, 'PermanentRedirect'],
      [400, 'AuthorizationHeaderMalformed'],
    ] as const
  ).map(([status, code]) => ({
    what: `the store refuses the gateway: ${code}`,
    store: refusing(status, code),
    act: put,
    expected: { ...misconfigured, reason: code },
  })),
  {
    what: 'the client names a part that does not exist',
    store: refusing(400, 'InvalidPart'),
    act: complete,
    expected: { ...refused, type: 'refused_by_store', response: '400 InvalidPart' },
  },
  {
    what: 'the client completes an upload with a small part',
    store: refusing(400, 'EntityTooSmall'),
    act: complete,
    expected: { ...refused, type: 'refused_by_store', response: '400 EntityTooSmall' },
  },
  {
    what: 'the client completes an upload that does not exist',
    store: refusing(404, 'NoSuchUpload'),
    act: complete,
    expected: { ...refused, type: 'no_such_upload', response: '404 NoSuchUpload' },
  },
  {
    what: 'a condition of the client does not hold',
    store: refusing(412, 'PreconditionFailed'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'if-none-match': '*' }),
    expected: { ...refused, type: 'condition_failed', response: '412 PreconditionFailed' },
  },
  {
    what: "the client's checksum is wrong",
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-checksum-crc32': 'AAAAAA==' }),
    expected: { ...refused, type: 'checksum_mismatch', response: '400 BadDigest' },
  },
  {
    what: 'a checksum is wrong that only the store can verify',
    store: refusing(400, 'BadDigest'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }),
    expected: { ...refused, type: 'checksum_mismatch', response: '400 BadDigest' },
  },
  {
    what: 'a byte changes between gateway and store',
    store: refusing(400, 'BadDigest'),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'x-amz-checksum-crc32': 'NhCmhg==' }),
    expected: { ...failed, type: 'store_received_other_bytes', response: '502 BadGateway', outcome: 'not_stored' },
  },
  {
    what: 'the store throttles',
    store: refusing(503, 'SlowDown'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '503 SlowDown', outcome: 'not_stored' },
  },
  {
    what: 'the store fails',
    store: refusing(500, 'InternalError'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '500 InternalError', outcome: 'unknown' },
  },
  {
    what: 'a proxy in front of the store gets no response from it',
    store: answering(504, '<html></html>'),
    act: put,
    expected: { ...failed, type: 'store_error', response: '502 BadGateway', outcome: 'unknown' },
  },
  {
    what: 'the client requests the headers of an object that does not exist',
    store: answering(404, ''),
    act: (world) => exchange(world, 'HEAD', '/uploads/k'),
    expected: { type: 'no_such_key', side: 'client', span: 'unset', response: '404' },
  },
  {
    what: 'the store loses the upload of an object that the gateway splits',
    store: inParts(answerWell, refusing(404, 'NoSuchUpload')),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: {
      ...failed,
      type: 'store_error',
      response: '502 BadGateway',
      reason: 'NoSuchUpload',
      outcome: 'not_stored',
    },
  },
];

/** Resets the connection of the first request after its last byte. */
const resetFirst = (further: Behaviour): Behaviour => {
  let requests = 0;
  return (request, response, record) => {
    if (requests++ > 0) return further(request, response, record);
    request.resume();
    request.once('end', () => response.socket?.resetAndDestroy());
  };
};

const gone = { response: undefined, span: 'error' } as const;

const OUTCOMES: readonly Scenario[] = [
  {
    what: 'the client disconnects in the middle of the body',
    store: silent,
    act: leaveHalf,
    expected: { ...gone, type: 'client_aborted', side: 'client', outcome: 'not_stored', waitedFor: 'client' },
  },
  {
    what: 'the client disconnects after its last byte, and the store has the object',
    store: afterDeparture((response) => response.end()),
    act: leaveWhole,
    expected: {
      ...gone,
      type: 'client_aborted',
      side: 'client',
      reason: 'succeeded_unheard',
      outcome: 'stored',
      waitedFor: 'store',
    },
  },
  {
    what: 'the client disconnects after its last byte, and the store refuses the object',
    store: afterDeparture((response) => response.writeHead(503).end(errorOf('SlowDown'))),
    act: leaveWhole,
    expected: { ...gone, type: 'store_error', side: 'store', outcome: 'not_stored', waitedFor: 'store' },
  },
  {
    what: 'the client disconnects after its last byte, and the store never responds',
    store: silent,
    act: leaveWhole,
    expected: {
      ...gone,
      type: 'store_timeout',
      side: 'store',
      reason: 'no_answer',
      outcome: 'unknown',
      waitedFor: 'store',
    },
  },
  {
    what: 'the client disconnects while the store receives the parts of its object',
    store: inParts(silent, answering(204, '')),
    act: leaveParts,
    expected: { ...gone, type: 'client_aborted', side: 'client', outcome: 'not_stored', waitedFor: 'store' },
  },
  {
    what: 'the client disconnects after its last byte, and the upload of its part is complete',
    store: afterDeparture((response) => response.end()),
    act: (world) => leave(world, WHOLE.replace('/uploads/k', `${UPLOAD}&partNumber=1`), whole),
    expected: {
      ...gone,
      type: 'client_aborted',
      side: 'client',
      reason: 'succeeded_unheard',
      outcome: 'stored',
      waitedFor: 'store',
    },
  },
  {
    what: 'the store resets the connection after the last byte',
    store: slowly((response) => response.socket?.resetAndDestroy(), 0),
    act: (world) => exchange(world, 'PUT', '/uploads/k', 'hello', { 'if-none-match': '*' }),
    expected: { ...failed, type: 'store_reset', reason: 'ECONNRESET', response: '502 BadGateway', outcome: 'unknown' },
  },
  {
    what: 'the store resets the connection after the last byte, and refuses the next attempt',
    store: resetFirst(refusing(403, 'AccessDenied')),
    act: put,
    expected: { ...misconfigured, reason: 'AccessDenied', outcome: 'unknown' },
  },
  {
    what: 'a proxy in front of the store gets no response to the completion of a split object',
    store: inParts(answerWell, answering(504, '<html></html>')),
    act: (world) => exchange(world, 'PUT', '/uploads/k', Buffer.alloc(6 * MIB)),
    expected: { ...failed, type: 'store_error', response: '502 BadGateway', outcome: 'unknown' },
  },
];

const cut = async (world: World, request: string, has: typeof whole): Promise<undefined> => {
  const client = await RawClient.connect(world.gateway.url);
  const arrived = world.store.next();
  client.write(request);
  await has(await arrived);
  await world.gateway.close();
};
const ended = { ...gone, type: 'shutting_down', side: 'gateway' } as const;

const SHUTDOWNS: readonly Scenario[] = [
  {
    what: 'the gateway shuts down in the middle of the body',
    store: silent,
    act: (world) => cut(world, HALF, half),
    expected: { ...ended, outcome: 'not_stored', waitedFor: 'client' },
  },
  {
    what: 'the gateway shuts down, and the store does not respond',
    store: silent,
    act: (world) => cut(world, WHOLE, whole),
    expected: { ...ended, reason: 'store_response_unknown', outcome: 'unknown', waitedFor: 'store' },
  },
  {
    what: 'the gateway shuts down, and the store has the object',
    store: slowly((response) => response.end(), 600),
    act: (world) => cut(world, WHOLE, whole),
    expected: { ...ended, reason: 'succeeded_unheard', outcome: 'stored', waitedFor: 'store' },
  },
  {
    what: 'the gateway shuts down after the client has disconnected, and the store does not respond',
    store: silent,
    act: async (world) => {
      await leaveWhole(world);
      await world.gateway.close();
    },
    expected: { ...ended, reason: 'store_response_unknown', outcome: 'unknown', waitedFor: 'store' },
  },
];

describe('a scenario', () => {
  let store: RawStore;
  let collector: OtlpReceiver;
  let gateway: TestGateway;
  const start = (more: { server?: object; s3?: object; bucket?: object }): Promise<TestGateway> =>
    startGateway({
      storeUrl: store.url,
      upload: { multipart_threshold: '5MiB', part_size: '5MiB' },
      tracing: {
        enabled: true,
        otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
        batch: { scheduled_delay_millis: 10 },
      },
      ...(more as object),
    });
  before(async () => {
    store = await RawStore.start();
    collector = await receiveHttp();
    gateway = await start({ s3: { answer_timeout_seconds: 2 }, bucket: { head: 'allow' } });
  });
  after(async () => {
    await gateway.close();
    await Promise.all([collector.close(), store.close()]);
  });

  for (const scenario of [...SIDES, ...OUTCOMES])
    it(`has one truth: ${scenario.what}`, () => assertScenario({ gateway, store, collector }, scenario));

  for (const scenario of SHUTDOWNS)
    it(`has one truth: ${scenario.what}`, async () => {
      const own = await start({ server: { shutdown_timeout_seconds: 0.2 } });
      await assertScenario({ gateway: own, store, collector }, scenario);
    });

  it('has an own name in the table', () => {
    const names = [...SIDES, ...OUTCOMES, ...SHUTDOWNS].map(({ what }) => what);
    assert.equal(new Set(names).size, names.length);
  });
});
