/** The connection of one fetch of a key set. Each fetch has a new one: fetches are minutes apart. */
import { Agent, buildConnector } from 'undici';
import { FIXED_LIMITS } from '../../domain/fixed-limits.ts';
import { showConnectionIn } from '../../domain/show-connection.ts';
import type { Span } from '../../domain/span.ts';
import { timed, timingOf } from '../../kit/connection-timing.ts';

const showConnection = showConnectionIn('auth');

/** @param span shows the connection. */
export function keySetAgent(timeoutMillis: number, span: Span): Agent {
  return new Agent({
    connect: shownOn(span, timed(buildConnector({ timeout: timeoutMillis, allowH2: false }))),
    allowH2: false,
    pipelining: 0,
    maxResponseSize: FIXED_LIMITS.key_set_bytes,
  });
}

function shownOn(span: Span, connect: buildConnector.connector): buildConnector.connector {
  if (!span.recording) return connect;
  return (options, callback) => {
    const since = performance.now();
    connect(options, (...[error, socket]) => {
      const timing = timingOf(error ?? socket);
      const { remoteAddress: address, remotePort: port } = socket ?? {};
      showConnection(span, { address, port, isReused: false, timing }, (performance.now() - since) / 1000);
      if (error === null) callback(null, socket);
      else callback(error, null);
    });
  };
}
