/**
 * The store of the benchmarks: reads every body to its end, says yes, keeps nothing. Never a disk: it swings by a factor of
 * ten. To what is no upload it answers as much of S3's XML as is looked at by those who ask.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respondToBucketRequests } from './helper-process.ts';

const ANSWER_HEADERS = {
  etag: '"5d41402abc4b2a76b9719d911017c592"',
  'x-amz-request-id': '79104EXAMPLEB723',
  'x-amz-id-2': 'IOWQ4fDEXAMPLEQM+ey7N9WgVhSnQ6JEXAMPLEZb7hSQDASK+Jd1vEXAMPLEa3Km',
};

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  request.resume();
  request.once('end', () => {
    const document = request.method === 'PUT' ? '' : documentFor(request.method!, request.url!);
    response.writeHead(200, { ...ANSWER_HEADERS, 'content-length': document.length });
    response.end(document);
  });
});

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
