/** Connections that end before there is a request in them: no trace can show them, so they are logged and counted. */

export type ConnectionProblem =
  | 'too_many_connections'
  | 'proxy_header_malformed'
  | 'proxy_header_timeout'
  | 'plain_http'
  | 'client_certificate'
  | 'tls_handshake'
  | 'tls_handshake_timeout';

/** Called once for each. @param detail the word of the TLS library, if there is one; holds nothing that the client sent. */
export type RefusedConnection = (problem: ConnectionProblem, peer: string | undefined, detail?: string) => void;
