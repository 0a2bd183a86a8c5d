/** The policy engines of the benchmarks: OPA and OpenFGA in one, which allow whatever they are asked, at once. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respondToBucketRequests } from './helper-process.ts';

const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
  const body = request.url!.startsWith('/stores/') ? '{"allowed":true}' : '{"result":true}';
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});

respondToBucketRequests({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
});
process.once('disconnect', () => process.exit());
