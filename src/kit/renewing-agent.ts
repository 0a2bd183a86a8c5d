/** Connections over TLS, each with the certificates as they are in that moment: the official exporters take one agent for good. */
import https from 'node:https';
import type { CollectorTls } from './collector-tls.ts';

export class RenewingAgent extends https.Agent {
  readonly #tls: CollectorTls;

  constructor(tls: CollectorTls, options: https.AgentOptions) {
    // A session that is resumed would be that of the old certificate.
    super({ ...options, maxCachedSessions: 0 });
    this.#tls = tls;
  }

  override createConnection(...[options, callback]: Parameters<https.Agent['createConnection']>) {
    return super.createConnection({ ...options, ...this.#tls.material() }, callback);
  }
}
