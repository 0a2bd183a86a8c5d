/** When the certificates of the upload port expire. */
import type { Registry } from './registry.ts';

export interface CertificateFigures {
  /** By use: the earliest expiry of the file in use, in milliseconds of Unix time. */
  readonly notAfter: Readonly<Record<string, number>>;
}

export function watchCertificates(registry: Registry, certificates: CertificateFigures): void {
  registry.onCollect(() => {
    for (const [use, millis] of Object.entries(certificates.notAfter))
      registry.set('mizuchi_tls_certificate_not_after_timestamp_seconds', [use], millis / 1000);
  });
}
