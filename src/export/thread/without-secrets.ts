/** A collector may repeat an API key in its response. Log lines must not. */

/** Shorter values are not secrets, and replacing them would damage every message. */
const SHORTEST = 6;

/** @param secrets values that must not appear. @returns the message with `REDACTED` in their place. */
export function withoutSecrets(secrets: readonly string[]): (message: string) => string {
  const hidden = secrets.flatMap((secret) => [secret, ...secret.split(/\s+/)]).filter((one) => one.length >= SHORTEST);
  return (message) => hidden.reduce((text, secret) => text.replaceAll(secret, 'REDACTED'), message);
}
