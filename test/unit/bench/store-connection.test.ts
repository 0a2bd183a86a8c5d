import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreConnection } from '../../../bench/support/store-connection.ts';

const put = (length: number, more = ''): string => `PUT /key HTTP/1.1\r\nContent-Length: ${length}\r\n${more}\r\n`;

describe('the store of the benchmarks', () => {
  let server: Server;
  let client: Socket;
  let received: string;

  before(async () => {
    const respond = (method: string, target: string) => `${method} ${target}\n`;
    server = createServer({ pauseOnConnect: true }, (socket) => void new StoreConnection(socket, respond));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  after(() => server.close());

  beforeEach(async () => {
    received = '';
    client = connect((server.address() as AddressInfo).port, '127.0.0.1')
      .setEncoding('latin1')
      .setNoDelay(true);
    client.on('data', (text) => {
      received += text;
    });
    await once(client, 'connect');
  });

  afterEach(() => client.destroy());

  const responses = async (expected: string): Promise<void> => {
    while (received.length < expected.length) await once(client, 'data');
    assert.equal(received, expected);
  };

  it('responds after the last byte of a body', async () => {
    const size = 5_000_000;
    client.write(put(size) + 'a'.repeat(size - 1));
    await sleep(50);
    assert.equal(received, '');
    client.write('a');
    await responses('PUT /key\n');
  });

  it('reads headers that arrive in pieces, and the next request on the same connection', async () => {
    for (const piece of [
      'PUT /key HT',
      'TP/1.1\r\nContent-Length: 3\r\n\r',
      '\nab',
      `cGET /?versioning HTTP/1.1\r\n\r`,
      '\n',
    ]) {
      client.write(piece);
      await sleep(5);
    }
    await responses('PUT /key\nGET /?versioning\n');
  });

  it('reads several requests at once', async () => {
    client.write(`${put(2)}ab${put(0)}${put(1)}c`);
    await responses('PUT /key\n'.repeat(3));
  });

  it('requests a body that is announced', async () => {
    client.write(put(1, 'Expect: 100-continue\r\n'));
    await responses('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('a');
    await responses('HTTP/1.1 100 Continue\r\n\r\nPUT /key\n');
  });
});
