/** The certificate of the upload port and the authorities of its clients: read from files, and again when these change. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

export interface CertificateFiles {
  /** PEM, the certificate of the gateway first, then those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** Authorities, of which a client must have a certificate. */
  readonly clientCa: string | undefined;
  readonly minVersion: '1.2' | '1.3';
}

/** What of the files is in use. */
export type TlsMaterial = Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'minVersion'>;

/**
 * Milliseconds between looks at the files. They are read, not watched: links that are swapped are followed, and nothing that changes
 * between the reading at the start and the first look of a watch is missed.
 */
const LOOK_MILLIS = 1_000;

export class Certificates {
  readonly asksClients: boolean;
  readonly #files: CertificateFiles;
  #material: TlsMaterial;
  /** What was read last, usable or not, so that a broken file is complained of once. */
  #seen: string;
  #use: (material: TlsMaterial) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(files: CertificateFiles, material: TlsMaterial) {
    this.#files = files;
    this.#material = material;
    this.#seen = fingerprint(material);
    this.asksClients = files.clientCa !== undefined;
  }

  /** @throws Error if a file cannot be read, or the key does not belong to the certificate. */
  static async open(files: CertificateFiles): Promise<Certificates> {
    const material = await read(files);
    check(material);
    return new Certificates(files, material);
  }

  /** What is in use now; `use` is called with what takes its place. */
  attach(use: (material: TlsMaterial) => void): TlsMaterial {
    this.#use = use;
    return this.#material;
  }

  /** @throws Error if the files cannot be used; what was there before then still holds. */
  async reload(): Promise<void> {
    const material = await read(this.#files);
    this.#seen = fingerprint(material);
    check(material);
    if (fingerprint(material) === fingerprint(this.#material)) return;
    this.#use(material);
    this.#material = material;
  }

  /** @param changed called when the files hold something that was not seen yet. */
  watch(changed: () => void): void {
    const look = async (): Promise<void> => {
      const seen = await read(this.#files).then(fingerprint, String);
      if (this.#closed) return;
      if (seen !== this.#seen) changed();
      this.#seen = seen;
      this.watch(changed);
    };
    this.#timer = setTimeout(() => void look(), LOOK_MILLIS).unref();
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

/** OpenSSL takes a file of authorities without a certificate in it for none, and would then trust the public ones. */
function check(material: TlsMaterial): void {
  if (material.ca !== undefined) new X509Certificate(material.ca as string);
  createSecureContext(material);
}
