/** Connections that end before a request: they have no trace, so they are logged and counted. */

export type ConnectionProblem =
  | 'too_many_connections'
  | 'proxy_header_malformed'
  | 'proxy_header_timeout'
  | 'plain_http'
  | 'client_certificate'
  | 'tls_handshake'
  | 'tls_handshake_timeout';

/** Called once per connection. @param detail the error of the TLS library, if any; contains no data from the client. */
export type RefusedConnection = (problem: ConnectionProblem, peer: string | undefined, detail?: string) => void;
