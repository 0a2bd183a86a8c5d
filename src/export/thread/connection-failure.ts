/** The status of calls without a connection, with the reason. */
import type { GrpcStatus } from './grpc-status.ts';

export function connectionFailure(what: string, error: Error | undefined): GrpcStatus {
  return { code: 'UNAVAILABLE', message: error === undefined ? what : `${what}: ${reasonOf(error)}` };
}

/** The message with the code, of the last error inside one that stands for several addresses of one name. */
function reasonOf(error: Error): string {
  const { message, code = '', errors } = error as NodeJS.ErrnoException & { errors?: Error[] };
  const last = errors?.at(-1);
  if (last !== undefined) return reasonOf(last);
  return message.includes(code) ? message : `${message} (${code})`;
}
