/** Attributes of the connection of a call: to a store, to a policy engine, to an identity provider. */

interface Shape {
  readonly type: 'string' | 'int' | 'double' | 'boolean';
  readonly unit?: 's';
  readonly when: string;
  readonly prose: string;
}

const seconds = (when: string, prose: string): Shape => ({ type: 'double', unit: 's', when, prose });
const SENT = 'if it was sent';

const STANDARD: Readonly<Record<string, Shape>> = {
  'network.peer.address': { type: 'string', when: SENT, prose: 'IP address at the other end of the connection.' },
  'network.peer.port': { type: 'int', when: SENT, prose: 'Port at the other end of the connection.' },
};

/** By the end of their names. */
const OWN: Readonly<Record<string, Shape>> = {
  connection_reused: {
    type: 'boolean',
    when: 'if it was sent, or the connection failed',
    prose: 'Whether an earlier request used the connection. If not, this span includes its DNS, TCP and TLS.',
  },
  connection_wait_seconds: seconds(
    'with a new connection, or if it waited for 1 ms',
    'How long the call waited for its connection within this span: DNS, TCP and TLS of a new one included.',
  ),
  dns_seconds: seconds('with a new connection to a host name', 'DNS lookup of the new connection.'),
  connect_seconds: seconds('with a new connection', 'TCP connect of the new connection.'),
  tls_seconds: seconds('with a new connection over TLS', 'TLS handshake of the new connection.'),
};

/** @param namespace of the attributes that the semantic conventions do not define. */
export function connectionAttributes(namespace: 's3' | 'authz' | 'auth'): Readonly<Record<string, Shape>> {
  const own = Object.entries(OWN).map(([name, shape]) => [`${namespace}.${name}`, shape] as const);
  return { ...STANDARD, ...Object.fromEntries(own) };
}
