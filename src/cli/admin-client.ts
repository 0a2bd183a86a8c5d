/** Sends requests to the admin port of a gateway, with the token and the certificate of its configuration. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import { adminAddress } from '../config/admin.ts';
import type { Config } from '../config/config.ts';
import { writeSocketAddress } from '../config/scalars.ts';
import { errorCode } from '../kit/connection-error.ts';

export interface AdminResponse {
  readonly status: number;
  readonly text: string;
}

export interface AdminTarget {
  /** Such as `http://127.0.0.1:9090`. */
  readonly origin: string;
  readonly tokenFile?: string | undefined;
  /** PEM: the certificate that the port must present, instead of one for its host name from a public authority. */
  readonly certificate?: string | undefined;
}

export class AdminClient {
  readonly origin: string;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws Error if the token file cannot be read. */
  constructor({ origin, tokenFile, certificate }: AdminTarget) {
    this.origin = origin;
    this.#agent = new Agent({ connect: certificate === undefined ? {} : only(certificate) });
    this.#headers = tokenFile === undefined ? {} : { authorization: `Bearer ${tokenIn(tokenFile)}` };
  }

  /** @throws Error without a response. */
  async request(method: Dispatcher.HttpMethod, path: string, millis: number): Promise<AdminResponse> {
    const { origin } = this;
    try {
      const { statusCode, body } = await this.#agent.request({
        origin,
        path,
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(millis),
      });
      return { status: statusCode, text: await body.text() };
    } catch (cause) {
      throw new Error(`no response from ${origin}${path} (${errorCode(cause as Error)}); is the gateway running?`, {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** @throws Error with the name of the file if it cannot be read. */
function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(
      `the token file ${file} cannot be read (${errorCode(cause as Error)}); check its path and its mode`,
      {
        cause,
      },
    );
  }
}

/** @param file the configuration, which relative paths start from. @returns undefined where the admin port is disabled. */
export function configuredTarget(config: Config, file: string): AdminTarget | undefined {
  const address = adminAddress(config);
  if (address === undefined) return undefined;
  const { tls, token_file } = config.admin;
  const at = (path: string): string => resolve(dirname(file), path);
  return {
    origin: `${tls ? 'https' : 'http'}://${writeSocketAddress(address)}`,
    tokenFile: token_file === undefined ? undefined : at(token_file),
    certificate: tls ? readFileSync(at(config.server.tls!.cert_file), 'utf8') : undefined,
  };
}

/** The port is addressed by an IP address, which its certificate need not contain: the file shows which one it has. */
function only(certificate: string): object {
  const { raw } = new X509Certificate(certificate);
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (_: string, peer: PeerCertificate) =>
      raw.equals(peer.raw) ? undefined : new Error('the port has another certificate than server.tls.cert_file'),
  };
}
