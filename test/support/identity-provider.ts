/** An identity provider on a real socket: publishes keys, issues tokens, turns its keys, and breaks on command. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export class IdentityProvider {
  /** How often the keys were asked for. */
  fetches = 0;
  /** Answers instead of the key set. */
  behaviour: RequestListener | undefined;
  #kid = 0;
  #privateKey: CryptoKey | undefined;
  #keys: object[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.fetches++;
      (this.behaviour ?? this.respond)(request, response);
    });
  }

  /** The key set, as the response to a request for it. */
  readonly respond: RequestListener = (_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.#keys }));
  };

  static async start(): Promise<IdentityProvider> {
    const provider = new IdentityProvider();
    await provider.turn();
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get jwksUrl(): string {
    return `${this.issuer}/keys`;
  }

  /** The `kid` that tokens have now. */
  get kid(): string {
    return `key-${this.#kid}`;
  }

  /** From now on there is another key, and only that. */
  async turn(): Promise<void> {
    this.#kid++;
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    this.#privateKey = privateKey;
    this.#keys = [{ ...(await exportJWK(publicKey)), kid: this.kid, alg: 'RS256', use: 'sig' }];
  }

  /** A token for `uploads` that holds an hour, unless the claims say otherwise. */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.issuer, aud: 'uploads', sub: 'alice', iat: now, exp: now + 3600, ...claims };
    const signer = new SignJWT(JSON.parse(JSON.stringify(payload)));
    return signer.setProtectedHeader({ alg: 'RS256', kid: this.kid, ...header }).sign(this.#privateKey as CryptoKey);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
