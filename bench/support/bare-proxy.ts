/**
 * The least that a proxy in this runtime can be: node:http on both sides and stream.pipeline between them. It verifies
 * nothing and signs nothing; what it costs is the price of moving bytes through Node.js.
 *
 *   node bench/support/bare-proxy.ts PORT STORE-PORT HEALTH-PATH
 */
import { Agent, createServer, request } from 'node:http';
import { pipeline } from 'node:stream';

const [port, storePort, health] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (incoming, response) => {
  if (incoming.url === health) return void response.end();
  const { method, url: path, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port: storePort, method, path, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response, () => {});
  });
  pipeline(incoming, outgoing, (error) => {
    if (error) response.destroy();
  });
}).listen(Number(port), '127.0.0.1');
