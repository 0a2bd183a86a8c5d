/** The list of requests that have ended, newest first, as events add to it. */
import type { RecentRequest, TracesDocument } from '../../src/view/documents.ts';

/** As many as the gateway keeps, failed and slow ones included. */
const MOST = 1000;

export function addRequests(known: TracesDocument | undefined, added: TracesDocument): TracesDocument {
  if (known === undefined || added.requests.length === 0)
    return known === undefined ? added : { ...added, requests: known.requests };
  const ids = new Set(added.requests.map(({ id }) => id));
  const requests = [...added.requests, ...known.requests.filter(({ id }) => !ids.has(id))];
  return { ...added, requests: requests.length > MOST ? withoutOldest(requests) : requests };
}

/** Failed and slow requests stay longer, as in the gateway. */
function withoutOldest(requests: readonly RecentRequest[]): RecentRequest[] {
  let surplus = requests.length - MOST;
  const rest = requests.toReversed().filter(({ kept }) => kept !== 'recent' || surplus-- <= 0);
  return rest.toReversed().slice(0, MOST);
}
