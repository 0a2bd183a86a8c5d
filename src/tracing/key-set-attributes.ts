/** Attributes of `auth.fetch_keys`: one request for the keys of an identity provider. */
import { connectionAttributes } from './connection-attributes.ts';

export const KEY_SET = {
  'http.request.method': { type: 'string', when: 'always', prose: '`GET`.', legacy: 'http.method' },
  'http.response.status_code': {
    type: 'int',
    when: 'if the provider responded',
    prose: 'Status of the response.',
    legacy: 'http.status_code',
  },
  'url.full': {
    type: 'string',
    when: 'always',
    prose: 'URL of the key set, without credentials and query.',
    legacy: 'http.url',
  },
  'server.address': { type: 'string', when: 'always', prose: 'Host of the provider.', legacy: 'net.peer.name' },
  'server.port': { type: 'int', when: 'always', prose: 'Port of the provider.', legacy: 'net.peer.port' },
  ...connectionAttributes('auth'),
} as const;
