/**
 * A store that forgets: reads every body, answers 200, to multipart uploads too. Tells its parent the port. Of a key that is called `held` it reads
 * nothing before the parent says a word, and tells when it has come.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** To Create and Complete alike. */
const MULTIPART =
  '<UploadId>u</UploadId><CompleteMultipartUploadResult><ETag>&quot;0-1&quot;</ETag></CompleteMultipartUploadResult>';

const server = createServer((request, response) => {
  if (request.url?.endsWith('/held')) {
    process.once('message', () => request.resume());
    process.send!('held');
  } else request.resume();
  request.once('end', () => {
    const document = request.method === 'POST' ? MULTIPART : '';
    response.writeHead(200, { etag: '"0"', 'content-length': document.length }).end(document);
  });
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
