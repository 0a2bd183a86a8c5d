/** Redacts credentials in every log line, before it is written or exported. */
import { fieldsWithoutCredentials, withoutCredentials } from '../kit/without-credentials.ts';
import type { ProcessLog } from './create-log.ts';

export function logWithoutCredentials(log: ProcessLog): ProcessLog {
  return {
    ...(log.setLevel && { setLevel: (level) => log.setLevel?.(level) }),
    debug: (fields, message) => log.debug(fieldsWithoutCredentials(fields), withoutCredentials(message)),
    info: (fields, message) => log.info(fieldsWithoutCredentials(fields), withoutCredentials(message)),
    warn: (fields, message) => log.warn(fieldsWithoutCredentials(fields), withoutCredentials(message)),
    error: (fields, message) => log.error(fieldsWithoutCredentials(fields), withoutCredentials(message)),
    close: (millis) => log.close(millis),
  };
}
