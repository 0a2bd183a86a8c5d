/** The store of the benchmarks: reads every body to its end, says yes, keeps nothing. Never a disk: it swings by a factor of ten. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from './helper-process.ts';

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, {
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      'x-amz-request-id': '79104EXAMPLEB723',
      'x-amz-id-2': 'IOWQ4fDEXAMPLEQM+ey7N9WgVhSnQ6JEXAMPLEZb7hSQDASK+Jd1vEXAMPLEa3Km',
      'content-length': 0,
    });
    response.end();
  });
});

answerQuestions({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
});
process.once('disconnect', () => process.exit());
