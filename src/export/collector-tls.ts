/** The authorities that we trust for a collector, and our own certificate: PEM files that may be renewed while the gateway runs. */
import { createSecureContext } from 'node:tls';
import { WatchedFile } from '../kit/watched-file.ts';

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
  #material: TlsMaterial;
  /** Of the files that were read last. */
  #versionRead: number;

  /**
   * @param now monotonic milliseconds.
   * @throws Error that names the file if one cannot be read, or if certificate and key do not match.
   */
  constructor({ caFile, certFile, keyFile }: TlsFiles = {}, now?: () => number) {
    this.#files = {
      ...(caFile !== undefined && { ca: new WatchedFile(caFile, now) }),
      ...(certFile !== undefined && { cert: new WatchedFile(certFile, now) }),
      ...(keyFile !== undefined && { key: new WatchedFile(keyFile, now) }),
    };
    this.#material = this.#read();
    this.#versionRead = this.version;
    try {
      createSecureContext(this.#material);
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

  /** A matching set: while a pair is being replaced the old one, until the new one is complete. */
  material(): TlsMaterial {
    const { version } = this;
    if (version === this.#versionRead) return this.#material;
    this.#versionRead = version;
    const material = this.#read();
    try {
      createSecureContext(material);
      this.#material = material;
    } catch {
      // The next change may complete it.
    }
    return this.#material;
  }

  #read(): TlsMaterial {
    const { ca, cert, key } = this.#files;
    return { ...(ca && { ca: ca.text }), ...(cert && { cert: cert.text }), ...(key && { key: key.text }) };
  }
}
