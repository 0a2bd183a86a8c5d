/** Signing keys, derived once a day for each secret, and the signature made with them. */
import { createHmac } from 'node:crypto';

export interface Scope {
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

/** The credential scope as it stands in `Credential=` and in the string to sign. */
export function scopeText(scope: Scope): string {
  return `${scope.day}/${scope.region}/${scope.service}/aws4_request`;
}

/** AWS Signature Version 4, "Derive a signing key". */
export function deriveSigningKey(secretKey: string, scope: Scope): Buffer {
  const day = hmac(`AWS4${secretKey}`, scope.day);
  return hmac(hmac(hmac(day, scope.region), scope.service), 'aws4_request');
}

/** Lower-case hex HMAC-SHA256 of the string to sign. */
export function signatureOf(key: Buffer, toSign: string): string {
  return createHmac('sha256', key).update(toSign).digest('hex');
}

/** Remembers the last few signing keys of one secret: they change with the day and the scope only. */
export class SigningKeys {
  readonly #secretKey: string;
  readonly #keys = new Map<string, Buffer>();

  constructor(secretKey: string) {
    this.#secretKey = secretKey;
  }

  of(scope: Scope): Buffer {
    const text = scopeText(scope);
    let key = this.#keys.get(text);
    if (key === undefined) {
      if (this.#keys.size >= 8) this.#keys.clear();
      key = deriveSigningKey(this.#secretKey, scope);
      this.#keys.set(text, key);
    }
    return key;
  }
}

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
