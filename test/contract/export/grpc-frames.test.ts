/** The gRPC exporter against a server that misbehaves at each frame of HTTP/2: every attempt ends in time, with the right result. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ExportResult } from '../../../src/export/thread/result.ts';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME,
  fields,
  frame,
  frameServer,
  type ReceivedFrame,
  setting,
  uint32,
} from '../../support/frame-server.ts';
import { grpcExporter, grpcResult, REQUEST } from '../../support/grpc-exporter.ts';

const SETTINGS = frame(FRAME.settings, 0, 0);
const HEAD = { ':status': '200', 'content-type': 'application/grpc' };
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW = 4;

const headers = (stream: number, more: Readonly<Record<string, string>> = {}): Buffer =>
  frame(FRAME.headers, END_HEADERS, stream, fields({ ...HEAD, ...more }));
const trailers = (stream: number, status = '0', more: Readonly<Record<string, string>> = {}): Buffer =>
  frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields({ 'grpc-status': status, ...more }));
const trailersOnly = (stream: number, more: Readonly<Record<string, string>>): Buffer =>
  frame(FRAME.headers, END_HEADERS | END_STREAM, stream, fields({ ...HEAD, ...more }));
const data = (stream: number, bytes: Uint8Array): Buffer => frame(FRAME.data, 0, stream, bytes);
const message = (content: Uint8Array, flag = 0): Buffer =>
  Buffer.concat([Buffer.from([flag]), uint32(content.length), content]);
const EMPTY = message(Buffer.alloc(0));
const success = (stream: number): Buffer[] => [headers(stream), data(stream, EMPTY), trailers(stream)];

/** Sends settings, acknowledges the client's, and does this when a request has been received. */
function collector(respond: (stream: number, socket: Socket) => void, settings = SETTINGS) {
  return frameServer(
    (socket) => socket.write(settings),
    ({ type, flags, stream }, socket) => {
      if (type === FRAME.settings && flags !== ACK) socket.write(frame(FRAME.settings, ACK, 0));
      if (type === FRAME.data && (flags & END_STREAM) !== 0) respond(stream, socket);
    },
  );
}

async function resultOf(
  respond: (stream: number, socket: Socket) => void,
  { timeoutMillis = 4000, settings = SETTINGS } = {},
): Promise<ExportResult> {
  const server = await collector(respond, settings);
  return grpcResult(server.endpoint, { timeoutMillis }).finally(() => server.close());
}

const sends =
  (...frames: readonly ((stream: number) => Buffer)[]) =>
  (stream: number, socket: Socket): void =>
    void socket.write(Buffer.concat(frames.map((of) => of(stream))));

describe('the gRPC exporter and the frames of a response', () => {
  it('succeeds, in one packet or byte by byte', async () => {
    assert.equal((await resultOf((stream, socket) => socket.write(Buffer.concat(success(stream))))).type, 'success');
    const slowly = (stream: number, socket: Socket): void => {
      for (const byte of Buffer.concat(success(stream))) socket.write(Buffer.from([byte]));
    };
    assert.equal((await resultOf(slowly)).type, 'success');
  });

  it('reads a message in many DATA frames, some of them empty', async () => {
    const comment = Buffer.concat([Buffer.from([0x12, 3]), Buffer.from('old')]);
    const body = message(Buffer.concat([Buffer.from([0x0a, comment.length + 2, 0x08, 2]), comment]));
    const pieces = [...body].map((byte) => (stream: number) => data(stream, Buffer.from([byte])));
    const empty = (stream: number) => data(stream, Buffer.alloc(0));
    const result = await resultOf(sends(headers, empty, ...pieces, empty, trailers));
    assert.deepEqual(result, { type: 'success', rejected: 2, message: 'old' });
  });

  it('stops at 64 KiB, whether they are announced or not', async () => {
    const announced = sends(headers, (stream) => data(stream, Buffer.concat([Buffer.from([0]), uint32(65_537)])));
    const result = await resultOf(announced);
    assert.equal(result.type, 'failure');
    assert.match(result.message, /larger than max/);
    const chunk = Buffer.alloc(16_000);
    const frames = Array.from({ length: 4 }, () => (stream: number) => data(stream, chunk));
    const largest = await resultOf(
      sends(headers, (s) => data(s, Buffer.concat([Buffer.from([0]), uint32(64_000)])), ...frames, trailers),
    );
    assert.equal(largest.type, 'success');
  });

  it('decompresses a response, up to its limit', async () => {
    const compressed = (content: Uint8Array) => (stream: number) => data(stream, message(content, 1));
    const encoded = (encoding: string) => (stream: number) => headers(stream, { 'grpc-encoding': encoding });
    const partial = Buffer.from([0x0a, 2, 0x08, 7]);
    const good = await resultOf(sends(encoded('gzip'), compressed(gzipSync(partial)), trailers));
    assert.deepEqual(good, { type: 'success', rejected: 7, message: '' });
    const plain = await resultOf(sends(encoded('gzip'), (stream) => data(stream, message(partial)), trailers));
    assert.equal(plain.type === 'success' && plain.rejected, 7);
    for (const [encoding, content, reason] of [
      ['gzip', gzipSync(Buffer.alloc(1024 * 1024)), /larger than max/],
      ['gzip', partial, /not valid gzip/],
      ['identity', partial, /unknown encoding/],
      ['snappy', partial, /unknown encoding/],
    ] as const) {
      const result = await resultOf(sends(encoded(encoding), compressed(content), trailers));
      assert.equal(result.type, 'failure', encoding);
      assert.match(result.message, reason);
    }
  });

  it('does not count a response without exactly one message as success', async () => {
    const half = message(Buffer.alloc(9)).subarray(0, 8);
    for (const [body, reason] of [
      [Buffer.alloc(0), /no complete message/],
      [half, /no complete message/],
      [EMPTY.subarray(0, 3), /no complete message/],
      [Buffer.concat([EMPTY, EMPTY]), /more than one message/],
    ] as const) {
      const result = await resultOf(sends(headers, (stream) => data(stream, body), trailers));
      assert.equal(result.type, 'unauthorized');
      assert.match(result.message, reason);
    }
    const only = await resultOf(sends((stream) => trailersOnly(stream, { 'grpc-status': '0' })));
    assert.match(String(only.message), /UNIMPLEMENTED/);
  });

  it('reads the status of trailers and of responses without a body', async () => {
    const more = { 'grpc-message': 'no%20such%20key%3a %zz' };
    const decodable = { 'grpc-message': 'no%20such%20key%3A %e2%9c%93 here' };
    assert.equal(
      (await resultOf(sends(headers, (s) => trailers(s, '16', decodable)))).message,
      'gRPC UNAUTHENTICATED no such key:   here',
    );
    assert.equal(
      (await resultOf(sends((s) => trailersOnly(s, { 'grpc-status': '7', ...more })))).message,
      `gRPC PERMISSION_DENIED ${more['grpc-message']}`,
    );
    for (const status of ['99', '-1', '', 'abc', '0x0'])
      assert.match(
        String(
          (
            await resultOf(
              sends(
                headers,
                (s) => data(s, EMPTY),
                (s) => trailers(s, status),
              ),
            )
          ).message,
        ),
        /^gRPC UNKNOWN/,
      );
  });

  it('maps the status of HTTP where there is none of gRPC', async () => {
    for (const [http, grpc, type] of [
      ['400', 'INTERNAL', 'failure'],
      ['401', 'UNAUTHENTICATED', 'unauthorized'],
      ['403', 'PERMISSION_DENIED', 'unauthorized'],
      ['404', 'UNIMPLEMENTED', 'unauthorized'],
      ['429', 'UNAVAILABLE', 'retryable'],
      ['502', 'UNAVAILABLE', 'retryable'],
      ['503', 'UNAVAILABLE', 'retryable'],
      ['504', 'UNAVAILABLE', 'retryable'],
      ['500', 'UNKNOWN', 'failure'],
      ['302', 'UNKNOWN', 'failure'],
    ] as const) {
      const html = await resultOf(
        sends(
          (s) => headers(s, { ':status': http }),
          (s) => data(s, Buffer.from('<html>')),
        ),
      );
      const bare = await resultOf(sends((s) => trailersOnly(s, { ':status': http })));
      assert.deepEqual(
        [html, bare].map((result) => [result.type, result.message]),
        [
          [type, `gRPC ${grpc} HTTP ${http}`],
          [type, `gRPC ${grpc} HTTP ${http}`],
        ],
      );
    }
    const both = await resultOf(sends((s) => trailersOnly(s, { ':status': '503', 'grpc-status': '16' })));
    assert.equal(both.type, 'unauthorized');
  });

  it('ignores informational responses', async () => {
    const early = (stream: number) => frame(FRAME.headers, END_HEADERS, stream, fields({ ':status': '103' }));
    assert.equal(
      (await resultOf(sends(early, ...[0, 1, 2].map((i) => (stream: number) => success(stream)[i]!)))).type,
      'success',
    );
  });

  it('maps each code of RST_STREAM, before and within a response', async () => {
    const codes = {
      0: 'failure',
      1: 'failure',
      2: 'failure',
      7: 'retryable',
      8: 'retryable',
      11: 'failure',
      12: 'unauthorized',
      13: 'failure',
    };
    for (const [code, type] of Object.entries(codes)) {
      const reset = (stream: number): Buffer => frame(FRAME.reset, 0, stream, uint32(Number(code)));
      assert.equal((await resultOf(sends(reset))).type, type, `code ${code}`);
      assert.equal((await resultOf(sends(headers, reset))).type, type, `code ${code} after headers`);
      assert.equal(
        (await resultOf(sends(headers, (s) => data(s, EMPTY), reset))).type,
        type,
        `code ${code} after the message`,
      );
    }
    const calm = await resultOf(sends((stream) => frame(FRAME.reset, 0, stream, uint32(11))));
    assert.match(String(calm.message), /RESOURCE_EXHAUSTED/);
  });

  it('accepts a reset after a complete response: the server does not want the rest of the request', async () => {
    const reset = (stream: number): Buffer => frame(FRAME.reset, 0, stream, uint32(0));
    const complete = [0, 1, 2].map((i) => (stream: number) => success(stream)[i]!);
    assert.equal((await resultOf(sends(...complete, reset))).type, 'success');
  });

  it('repeats a refused call once, at once', async () => {
    let count = 0;
    const result = await resultOf((stream, socket) => {
      socket.write(++count === 1 ? frame(FRAME.reset, 0, stream, uint32(7)) : Buffer.concat(success(stream)));
    });
    assert.deepEqual([result.type, count], ['success', 2]);
  });
});

describe('the gRPC exporter and its connection', () => {
  const FRAMES: readonly (readonly [after: string, frames: (stream: number) => readonly Buffer[]])[] = [
    ['the request', () => []],
    ['the headers', (s) => [headers(s)]],
    ['half of the headers', (s) => [headers(s).subarray(0, 12)]],
    ['half of the message', (s) => [headers(s), data(s, EMPTY.subarray(0, 3))]],
    ['the message', (s) => [headers(s), data(s, EMPTY)]],
    ['half of the trailers', (s) => [headers(s), data(s, EMPTY), trailers(s).subarray(0, 11)]],
  ];
  for (const [name, end] of [
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 20)],
  ] as const) {
    for (const [after, frames] of FRAMES) {
      it(`is ${name} after ${after}: retryable, and the next attempt connects again`, async (t) => {
        let count = 0;
        const server = await collector((stream, socket) => {
          if (++count > 1) return void socket.write(Buffer.concat(success(stream)));
          socket.write(Buffer.concat(frames(stream)));
          end(socket);
        });
        t.after(() => server.close());
        const exporter = grpcExporter(server.endpoint);
        t.after(() => exporter.close());
        const first = await exporter.export(REQUEST);
        assert.deepEqual([first.type, String(first.message).slice(0, 16)], ['retryable', 'gRPC UNAVAILABLE']);
        assert.equal((await exporter.export(REQUEST)).type, 'success');
        assert.equal(server.connections, 2);
      });
    }
    it(`is ${name} after the response: success`, async () => {
      const result = await resultOf((stream, socket) => {
        socket.write(Buffer.concat(success(stream)));
        end(socket);
      });
      assert.equal(result.type, 'success');
    });
  }

  it('is lost before a request: retryable', async () => {
    for (const opened of [
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.end(SETTINGS.subarray(0, 5)),
      (socket: Socket) => socket.end(frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
      (socket: Socket) => socket.end(frame(FRAME.goaway, 0, 0, uint32(0, 0))),
    ]) {
      const server = await frameServer(opened, () => {});
      const result = await grpcResult(server.endpoint, { timeoutMillis: 2000 });
      await server.close();
      assert.deepEqual([result.type, String(result.message).slice(0, 16)], ['retryable', 'gRPC UNAVAILABLE']);
    }
  });

  it('is one for all calls, opened once', async (t) => {
    const server = await collector((stream, socket) => socket.write(Buffer.concat(success(stream))));
    t.after(() => server.close());
    const exporter = grpcExporter(server.endpoint);
    t.after(() => exporter.close());
    const results = await Promise.all(Array.from({ length: 20 }, () => exporter.export(REQUEST)));
    results.push(await exporter.export(REQUEST));
    assert.deepEqual([new Set(results.map(({ type }) => type)), server.connections], [new Set(['success']), 1]);
  });

  it('ends with GOAWAY: accepted calls finish, others go to a new connection', async (t) => {
    const pending: (() => void)[] = [];
    let isFirst = true;
    const server = await collector((stream, socket) => {
      if (!isFirst) return void socket.write(Buffer.concat(success(stream)));
      pending.push(() => socket.write(Buffer.concat(success(stream))));
      if (pending.length < 2) return;
      isFirst = false;
      socket.write(frame(FRAME.goaway, 0, 0, uint32(1, 0))); // the call of stream 1 is accepted, that of stream 3 is not
      setTimeout(pending[0]!, 50);
    });
    t.after(() => server.close());
    const exporter = grpcExporter(server.endpoint);
    t.after(() => exporter.close());
    const results = await Promise.all([exporter.export(REQUEST), exporter.export(REQUEST)]);
    assert.deepEqual(
      results.map(({ type }) => type),
      ['success', 'success'],
    );
    assert.equal(server.connections, 2);
  });

  it('ends with the GOAWAY of an error: retryable', async () => {
    for (const code of [1, 2, 11]) {
      const result = await resultOf((_, socket) => socket.write(frame(FRAME.goaway, 0, 0, uint32(1, code))));
      assert.deepEqual([result.type, String(result.message).slice(0, 16)], ['retryable', 'gRPC UNAVAILABLE']);
    }
  });

  it('is idle when the server closes it: the next attempt connects again', async (t) => {
    const server = await collector((stream, socket) => {
      socket.write(Buffer.concat(success(stream)));
      setTimeout(() => socket.end(), 10);
    });
    t.after(() => server.close());
    const exporter = grpcExporter(server.endpoint);
    t.after(() => exporter.close());
    for (let i = 0; i < 3; i++) {
      assert.equal((await exporter.export(REQUEST)).type, 'success');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(server.connections, 3);
  });
});

describe('the gRPC exporter and the limits of a server', () => {
  const large = Buffer.alloc(300_000);

  it('ends in time if the flow-control window is small, and never grows', async () => {
    for (const window of [0, 1, 65_535]) {
      const settings = frame(FRAME.settings, 0, 0, setting(INITIAL_WINDOW, window));
      const server = await frameServer((socket) => socket.write(settings), acknowledged);
      const start = performance.now();
      const result = await grpcResult(server.endpoint, { timeoutMillis: 200 }, large);
      const took = performance.now() - start;
      await server.close();
      assert.deepEqual([result.type, result.message], ['retryable', 'gRPC DEADLINE_EXCEEDED no response in time']);
      assert.ok(took < 2000, `${took} ms`);
    }
  });

  it('sends as the window grows', async (t) => {
    let received = 0;
    const settings = frame(FRAME.settings, 0, 0, setting(INITIAL_WINDOW, 1000));
    const server = await frameServer(
      (socket) => socket.write(settings),
      (one, socket) => {
        acknowledged(one, socket);
        if (one.type !== FRAME.data) return;
        received += one.payload.length;
        if (one.flags & END_STREAM) socket.write(Buffer.concat(success(one.stream)));
        else if (one.payload.length > 0)
          for (const stream of [0, one.stream])
            socket.write(frame(FRAME.windowUpdate, 0, stream, uint32(one.payload.length)));
      },
    );
    t.after(() => server.close());
    assert.equal((await grpcResult(server.endpoint, {}, large)).type, 'success');
    assert.equal(received, large.length + 5);
  });

  it('reports an error that the server sends before it has read the request', async () => {
    const settings = frame(FRAME.settings, 0, 0, setting(INITIAL_WINDOW, 10));
    const server = await frameServer(
      (socket) => socket.write(settings),
      (one, socket) => {
        acknowledged(one, socket);
        if (one.type === FRAME.headers) socket.write(trailersOnly(one.stream, { 'grpc-status': '16' }));
      },
    );
    const result = await grpcResult(server.endpoint, {}, large);
    await server.close();
    assert.equal(result.type, 'unauthorized');
  });

  it('waits for its turn if the server accepts one call at a time, and ends in time if it accepts none', async (t) => {
    let running = 0;
    let most = 0;
    const one = frame(FRAME.settings, 0, 0, setting(MAX_CONCURRENT_STREAMS, 1));
    const server = await collector((stream, socket) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        socket.write(Buffer.concat(success(stream)));
      }, 20);
    }, one);
    t.after(() => server.close());
    const exporter = grpcExporter(server.endpoint);
    t.after(() => exporter.close());
    const results = await Promise.all(Array.from({ length: 4 }, () => exporter.export(REQUEST)));
    assert.deepEqual([results.every(({ type }) => type === 'success'), most], [true, 1]);
    const none = frame(FRAME.settings, 0, 0, setting(MAX_CONCURRENT_STREAMS, 0));
    const result = await resultOf(() => {}, { settings: none, timeoutMillis: 200 });
    assert.match(String(result.message), /DEADLINE_EXCEEDED/);
  });
});

function acknowledged({ type, flags }: ReceivedFrame, socket: Socket): void {
  if (type === FRAME.settings && flags !== ACK) socket.write(frame(FRAME.settings, ACK, 0));
}
