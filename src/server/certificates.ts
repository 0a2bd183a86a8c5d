/** The certificate of the ports and the CAs of their clients, reloaded when their files change. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

export interface CertificateFiles {
  /** PEM file with the certificate of the gateway, followed by intermediate certificates. */
  readonly cert: string;
  readonly key: string;
  /** CAs that issue the client certificates. */
  readonly clientCa: string | undefined;
  readonly minVersion: '1.2' | '1.3';
}

/** The earliest expiry of each file, in milliseconds of Unix time. */
export type CertificateExpiry = { readonly server: number; readonly client_ca?: number };

/** The contents of the files, as options for node:tls. */
export type TlsMaterial = Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'minVersion'>;

/**
 * Milliseconds between checks of the files. They are polled, not watched: this follows replaced symbolic links and misses no
 * change between the first read and the start of a watch.
 */
const CHECK_MILLIS = 1_000;

export class Certificates {
  readonly requiresClientCertificate: boolean;
  readonly #files: CertificateFiles;
  #material: TlsMaterial;
  #notAfter: CertificateExpiry;
  /** Fingerprint of the last read, valid or not, so that an invalid file is reported once. */
  #seen: string;
  readonly #users: ((material: TlsMaterial) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(files: CertificateFiles, material: TlsMaterial) {
    this.#files = files;
    this.#material = material;
    this.#notAfter = validate(material);
    this.#seen = fingerprint(material);
    this.requiresClientCertificate = files.clientCa !== undefined;
  }

  /** @throws Error if a file is unreadable, or the key does not match the certificate. */
  static async open(files: CertificateFiles): Promise<Certificates> {
    const material = await read(files);
    return new Certificates(files, material);
  }

  get notAfter(): CertificateExpiry {
    return this.#notAfter;
  }

  /** @returns the current material. @param use is called with its replacement. */
  attach(use: (material: TlsMaterial) => void): TlsMaterial {
    this.#users.push(use);
    return this.#material;
  }

  /** @returns puts the material in use. @throws Error if the files are invalid; the previous material then stays in use. */
  async read(): Promise<() => void> {
    const material = await read(this.#files);
    const mark = fingerprint(material);
    const notAfter = this.#validated(material, mark);
    return () => {
      this.#seen = mark;
      if (mark === fingerprint(this.#material)) return;
      for (const use of this.#users) use(material);
      this.#material = material;
      this.#notAfter = notAfter;
    };
  }

  /** Invalid material is reported once. */
  #validated(material: TlsMaterial, mark: string): ReturnType<typeof validate> {
    try {
      return validate(material);
    } catch (error) {
      this.#seen = mark;
      throw error;
    }
  }

  /** @param changed is called when the contents of the files change. */
  watch(changed: () => void): void {
    const check = async (): Promise<void> => {
      const seen = await read(this.#files).then(fingerprint, String);
      if (this.#closed) return;
      if (seen !== this.#seen) changed();
      this.#seen = seen;
      this.watch(changed);
    };
    this.#timer = setTimeout(() => void check(), CHECK_MILLIS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

async function read({ cert, key, clientCa, minVersion }: CertificateFiles): Promise<TlsMaterial> {
  const [certText, keyText, ca] = await Promise.all(
    [cert, key, clientCa].map((file) => file && readFile(file, 'utf8')),
  );
  return {
    cert: certText!,
    key: keyText!,
    ...(ca === undefined ? {} : { ca }),
    minVersion: `TLSv${minVersion}`,
  };
}

const fingerprint = (material: TlsMaterial): string => JSON.stringify(material);

/** OpenSSL ignores a CA file without certificates, and would then trust the public CAs. @throws Error if the files are invalid. */
function validate(material: TlsMaterial): CertificateExpiry {
  if (material.ca !== undefined) new X509Certificate(material.ca as string);
  createSecureContext(material);
  const server = earliestExpiry(material.cert as string);
  return material.ca === undefined ? { server } : { server, client_ca: earliestExpiry(material.ca as string) };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function earliestExpiry(pem: string): number {
  const all = pem.match(CERTIFICATE) ?? [pem];
  return Math.min(...all.map((one) => new X509Certificate(one).validToDate.getTime()));
}
