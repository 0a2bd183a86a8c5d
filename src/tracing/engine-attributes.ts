/** Attributes of one call to a policy engine. */
import { connectionAttributes } from './connection-attributes.ts';

export const ENGINE = {
  'authz.decision': { type: 'string', when: 'with a decision', prose: '`allow` or `deny`.' },
  'authz.breaker': {
    type: 'string',
    when: 'always',
    prose: 'State of the circuit breaker: `closed`, or `half_open` for the call that probes the engine.',
  },
  'authz.queue_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose: 'How long the query waited in the gateway before this span began; not time of the engine.',
  },
  'http.request.method': { type: 'string', when: 'always', prose: '`POST`.', legacy: 'http.method' },
  'http.response.status_code': {
    type: 'int',
    when: 'if the engine responded',
    prose: 'Status of the response.',
    legacy: 'http.status_code',
  },
  'url.full': { type: 'string', when: 'always', prose: 'URL of the call.', legacy: 'http.url' },
  'server.address': { type: 'string', when: 'always', prose: 'Host of the engine.', legacy: 'net.peer.name' },
  'server.port': { type: 'int', when: 'always', prose: 'Port of the engine.', legacy: 'net.peer.port' },
  ...connectionAttributes('authz'),
} as const;
