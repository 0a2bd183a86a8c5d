/** Watchers of the live view: each reads the events of one gateway, as the page does. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { respondToBucketRequests } from './helper-process.ts';

const watched: IncomingMessage[] = [];

/** Resolves with the first event. @param url of the admin port. */
async function watch(url: string): Promise<void> {
  const [response] = (await once(get(new URL('/api/events', url)), 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`the view responds with ${response.statusCode}`);
  watched.push(response);
  await once(response, 'data');
  response.resume();
}

async function close(): Promise<void> {
  for (const response of watched) response.destroy();
}

respondToBucketRequests({ watch, close });
process.once('disconnect', () => process.exit());
