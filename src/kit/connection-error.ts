/** Errors of connections by their codes: those of Node.js and of undici. */

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether no connection was established. @param code of the error. */
export function isUnreachable(code: string): boolean {
  return UNREACHABLE.has(code);
}

/** The code of an error, or of the first error inside one that stands for several connection attempts; else its name. */
export function errorCode(error: Error): string {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  if (typeof code === 'string') return code;
  return errors?.[0] instanceof Error ? errorCode(errors[0]) : error.name;
}
