/** Whether the page receives events from the gateway. Screen readers announce a change. */
import type { Connection } from './data/live-data.ts';

export function ConnectionState({ connection }: { readonly connection: Connection }) {
  return (
    <span
      class={`connection connection-${connection.state}`}
      role="status"
      title={'problem' in connection ? connection.problem : ''}
    >
      <span class="dot" aria-hidden="true" />
      {textOf(connection)}
    </span>
  );
}

function textOf(connection: Connection): string {
  if (connection.state === 'live') return 'Live';
  if (connection.state === 'unauthorized') return 'Token needed';
  if (connection.state === 'waiting') return `Connection lost. Next attempt in ${connection.seconds} s`;
  return 'Connecting …';
}
