/**
 * A store that forgets: reads every body, answers 200, to multipart uploads too. Tells its parent the port; of a key that is
 * called `held` it reads nothing before the parent says a word, and tells when it has come. GET says how many bytes of objects it
 * has read in all.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** To Create and Complete alike. */
const MULTIPART =
  '<CompleteMultipartUploadResult><UploadId>u</UploadId><ETag>&quot;0-1&quot;</ETag></CompleteMultipartUploadResult>';

let read = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end(String(read));
  if (request.url?.endsWith('/held')) {
    process.once('message', () => count(request));
    process.send!('held');
  } else count(request);
  request.once('end', () => {
    const document = request.method === 'POST' ? MULTIPART : '';
    response.writeHead(200, { etag: '"0"', 'content-length': document.length }).end(document);
  });
});
function count(request: IncomingMessage): void {
  request.on('data', ({ length }: Buffer) => void (read += request.method === 'PUT' ? length : 0));
}

server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
