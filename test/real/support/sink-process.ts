/**
 * A store that forgets: reads every body, answers 200. Tells its parent the port. Of a key that is called `held` it reads
 * nothing before the parent says a word, and tells when it has come.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  if (request.url?.endsWith('/held')) {
    process.once('message', () => request.resume());
    process.send!('held');
  } else request.resume();
  request.once('end', () => response.writeHead(200, { etag: '"0"', 'content-length': 0 }).end());
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
