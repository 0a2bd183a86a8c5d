/** Whom we trust at the collector, and who we say we are: PEM files that others may renew while we run. */
import { createSecureContext } from 'node:tls';
import { WatchedFile } from './watched-file.ts';

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export class CollectorTls {
  readonly #files: { readonly ca?: WatchedFile; readonly cert?: WatchedFile; readonly key?: WatchedFile };

  /** @throws Error that names the file if one cannot be read, or what is in them does not fit together. */
  constructor({ caFile, certFile, keyFile }: TlsFiles = {}) {
    this.#files = {
      ...(caFile !== undefined && { ca: new WatchedFile(caFile) }),
      ...(certFile !== undefined && { cert: new WatchedFile(certFile) }),
      ...(keyFile !== undefined && { key: new WatchedFile(keyFile) }),
    };
    try {
      createSecureContext(this.material());
    } catch (error) {
      const names = [caFile, certFile, keyFile].filter(Boolean).join(', ');
      throw new Error(`${names}: ${(error as Error).message}`);
    }
  }

  /** Changes when one of the files has. */
  get version(): number {
    const files = Object.values(this.#files);
    for (const file of files) file.look();
    return files.reduce((sum, { version }) => sum + version, 0);
  }

  material(): TlsMaterial {
    const { ca, cert, key } = this.#files;
    return { ...(ca && { ca: ca.text }), ...(cert && { cert: cert.text }), ...(key && { key: key.text }) };
  }
}
