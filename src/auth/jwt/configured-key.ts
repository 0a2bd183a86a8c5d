/** A verification key of the configuration: a secret for HS*, a public key for all other algorithms, never both. */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { algorithmShape } from './algorithms.ts';
import type { KeySet, KeySource } from './key-source.ts';

const LEAST_RSA_BITS = 2048;

/** @throws Error if the secret does not fit one of the algorithms. The message does not quote it. */
export function secretKey(secret: string, algorithms: readonly string[]): KeyObject {
  const bytes = Buffer.from(secret, 'utf8');
  for (const name of algorithms) {
    const { secretBytes } = algorithmShape(name);
    if (secretBytes === undefined) throw new Error(`${name} takes a public key, not a secret`);
    if (bytes.length < secretBytes)
      throw new Error(`the secret has ${bytes.length} bytes, but ${name} wants at least ${secretBytes}`);
  }
  return createSecretKey(bytes);
}

/** @throws Error if the text is not PEM, or holds a private key, or a key that does not fit one of the algorithms. */
export function publicKey(pem: string, algorithms: readonly string[]): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw new Error('the key is a private one; the gateway wants the public key and must not have the other');
  const key = readPem(pem);
  for (const name of algorithms) checkFits(key, name);
  return key;
}

function readPem(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error('the public key cannot be read; it must be PEM, beginning with -----BEGIN PUBLIC KEY-----', {
      cause,
    });
  }
}

/** An RSA key never fits HS256: every holder of the public key could sign with it (RFC 8725, section 2.1). */
function checkFits(key: KeyObject, name: string): void {
  const { keyType, curve } = algorithmShape(name);
  const details = key.asymmetricKeyDetails;
  if (keyType === undefined) throw new Error(`${name} takes a secret, not a public key`);
  if (key.asymmetricKeyType !== keyType || (curve !== undefined && details?.namedCurve !== curve))
    throw new Error(`${name} wants a key of the kind ${curve ?? keyType}, and this one is of another kind`);
  if (keyType === 'rsa' && (details?.modulusLength ?? 0) < LEAST_RSA_BITS)
    throw new Error(`${name} wants an RSA key of at least ${LEAST_RSA_BITS} bits`);
}

/** Such a key is always available and never changes; the `kid` of a token is ignored. */
export function configuredKey(key: KeyObject): KeySource {
  const set: KeySet = { find: async () => key };
  return {
    origin: undefined,
    held: () => set,
    keys: async () => set,
    newerKeys: async () => undefined,
    close: async () => {},
  };
}
