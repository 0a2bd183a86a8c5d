/**
 * The store of the benchmarks: reads every byte of a body, responds 200, stores nothing. It has no disk, whose speed would change by a
 * factor of ten. It copies bytes from the kernel into one buffer of 1 MiB and needs about 0.2 CPU-seconds for 1 GiB: contestants wait
 * for it less than for a real store. For requests other than uploads, its responses have the XML that clients look at.
 */
import { type AddressInfo, createServer } from 'node:net';
import { respondToBucketRequests } from './helper-process.ts';
import { StoreConnection } from './store-connection.ts';

const HEADERS = [
  'ETag: "5d41402abc4b2a76b9719d911017c592"',
  'x-amz-request-id: 79104EXAMPLEB723',
  'x-amz-id-2: IOWQ4fDEXAMPLEQM+ey7N9WgVhSnQ6JEXAMPLEZb7hSQDASK+Jd1vEXAMPLEa3Km',
].join('\r\n');

const server = createServer({ pauseOnConnect: true }, (socket) => void new StoreConnection(socket, respond));

function respond(method: string, target: string): string {
  const document = documentFor(method, target);
  return `HTTP/1.1 200 OK\r\n${HEADERS}\r\nDate: ${new Date().toUTCString()}\r\nContent-Length: ${document.length}\r\n\r\n${document}`;
}

/** Amazon S3 API Reference, CreateMultipartUpload, CompleteMultipartUpload, GetBucketVersioning. */
function documentFor(method: string, target: string): string {
  if (method === 'GET') return '<VersioningConfiguration></VersioningConfiguration>';
  if (method !== 'POST') return '';
  if (/\?uploads(=|&|$)/.test(target)) {
    return '<InitiateMultipartUploadResult><UploadId>2~EXAMPLE-upload-id</UploadId></InitiateMultipartUploadResult>';
  }
  return '<CompleteMultipartUploadResult><ETag>"5d41402abc4b2a76b9719d911017c592-4"</ETag></CompleteMultipartUploadResult>';
}

respondToBucketRequests({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
});
process.once('disconnect', () => process.exit());
