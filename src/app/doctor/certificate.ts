/** Reads the TLS files as `serve` does, and judges the certificate as clients do. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { Certificates } from '../../server/certificates.ts';
import { loadAuthorities } from '../bucket/store.ts';
import { type Finding, fails, find, works } from './finding.ts';

const DAY_MILLIS = 86_400_000;
/** Days before its end from which a certificate is reported. */
const SOON_DAYS = 7;

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

export async function examineCertificates(config: Config, directory: string): Promise<Finding[]> {
  const authorities = config.buckets.flatMap(({ name, s3 }) =>
    s3.ca_file === undefined ? [] : [{ name, file: resolve(directory, s3.ca_file) }],
  );
  return Promise.all([
    ...examineOwn(config, directory),
    ...authorities.map(({ name, file }) =>
      find(`bucket ${name}, s3.ca_file`, async () =>
        works(expiryText(new X509Certificate(await loadAuthorities(name, file)))),
      ),
    ),
  ]);
}

function examineOwn({ server }: Config, directory: string): Promise<Finding>[] {
  const { tls, domain = [] } = server;
  if (tls === undefined) return [];
  const file = resolve(directory, tls.cert_file);
  const key = resolve(directory, tls.key_file);
  const clientCa = tls.client_ca_file === undefined ? undefined : resolve(directory, tls.client_ca_file);
  return [
    find('server.tls', async () => {
      await Certificates.open({ cert: file, key, clientCa, minVersion: tls.min_version });
      const chain = certificatesOf(await readFile(file, 'utf8'));
      return judge(chain, domain);
    }),
  ];
}

/** Clients reject what `serve` accepts: other host names, an expired certificate, a chain in the wrong order. */
function judge(chain: readonly X509Certificate[], domains: readonly string[]) {
  const [leaf] = chain as readonly [X509Certificate];
  const now = Date.now();
  if (leaf.validToDate.getTime() < now) return fails(expiryText(leaf), 'renew the certificate: all clients reject it');
  if (leaf.validFromDate.getTime() > now)
    return fails(`not valid before ${leaf.validFromDate.toISOString()}`, 'check the clock of this machine');
  const broken = chain.findIndex((each, i) => chain[i + 1] !== undefined && !each.checkIssued(chain[i + 1]!));
  if (broken >= 0)
    return fails(
      `certificate ${broken + 2} of cert_file did not issue certificate ${broken + 1}`,
      "write the gateway's certificate first, and each issuer after it",
    );
  const names = domains.flatMap((domain) => [domain, `any-bucket.${domain}`]);
  const missing = names.find((name) => leaf.checkHost(name) === undefined);
  if (missing !== undefined)
    return fails(
      `not valid for ${missing.replace('any-bucket.', '*.')}`,
      'request a certificate for each name of server.domain, and for *.NAME',
    );
  const days = daysLeft(leaf);
  return days < SOON_DAYS
    ? fails(expiryText(leaf), 'renew the certificate; the gateway reads the new file without a restart')
    : works(expiryText(leaf));
}

function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
}

const daysLeft = ({ validToDate }: X509Certificate): number =>
  Math.floor((validToDate.getTime() - Date.now()) / DAY_MILLIS);

function expiryText(certificate: X509Certificate): string {
  const days = daysLeft(certificate);
  const end = certificate.validToDate.toISOString().slice(0, 10);
  return days < 0 ? `expired on ${end}` : `valid until ${end} (${days} ${days === 1 ? 'day' : 'days'})`;
}
