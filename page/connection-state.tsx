/** Whether the page receives events from the gateway, and why not. Screen readers announce a change. */
import type { Connection, Live } from './data/live-data.ts';
import { showTime } from './format.ts';

export function ConnectionState({ connection }: { readonly connection: Connection }) {
  return (
    <span class={`connection connection-${connection.state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {textOf(connection)}
    </span>
  );
}

function textOf(connection: Connection): string {
  if (connection.state === 'live') return 'Live';
  if (connection.state === 'unauthorized') return 'Token needed';
  return connection.state === 'waiting' ? 'Connection lost' : 'Connecting …';
}

/** What a lost connection means for the data of the page. */
export function LostConnection({ live: { connection, loss, health } }: { readonly live: Live }) {
  if (loss === undefined) return null;
  return (
    <div class="card note warning">
      <p>
        <b>
          {health === undefined
            ? 'The page has no connection to the gateway.'
            : `The page has no connection to the gateway since ${showTime(loss.at)}. It shows the state of that time.`}
        </b>
      </p>
      <p>
        Reason: <bdi>{loss.problem}</bdi>.{' '}
        {connection.state === 'waiting' ? `Next attempt in ${connection.seconds} s.` : 'Connecting …'} If this
        continues, check that the gateway runs and that this address is reachable.
      </p>
    </div>
  );
}
