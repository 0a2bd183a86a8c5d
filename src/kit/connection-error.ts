/** Errors of connections by their codes: those of Node.js and of undici. */
import type { buildConnector } from 'undici';

/** No connection was established: by DNS, TCP or TLS. Nothing of a request was sent. */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed';
  /** Such as `ENOTFOUND` or `CERT_HAS_EXPIRED`. */
  readonly code: string;

  constructor(cause: Error) {
    const code = errorCode(cause);
    super(code, { cause });
    this.code = code;
  }
}

/** The connector, with its errors as `ConnectionFailed`. */
export function namingFailures(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ConnectionFailed(error), null);
    });
}

/** The code of an error, or of the first error inside one that stands for several connection attempts; else its name. */
export function errorCode(error: Error): string {
  const { code, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  if (typeof code === 'string') return code;
  return errors?.[0] instanceof Error ? errorCode(errors[0]) : error.name;
}
