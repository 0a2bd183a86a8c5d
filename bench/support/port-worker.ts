/** A worker of the benchmark of port sharing: its responses name the process. */
import { createServer } from 'node:http';

export interface BlockThenClose {
  /** Milliseconds in which it does nothing else, so that connections wait. */
  readonly millis: number;
}

const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  response.setHeader('x-worker', process.pid).end();
});
const reusePort = process.env.REUSE_PORT === 'true';
// The event `listening` of node:cluster is absent with SO_REUSEPORT.
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT), reusePort }, () => process.send!('listening'));

process.on('message', ({ millis }: BlockThenClose) => {
  const end = performance.now() + millis;
  while (performance.now() < end);
  server.close();
});
