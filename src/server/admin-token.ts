/** The token of the admin port (`admin.token_file`), in the form of RFC 6750, section 2.1. A replaced file is in use within a second. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { WatchedFile } from '../kit/watched-file.ts';

const SCHEME = 'bearer ';

export interface AdminToken {
  /** @param authorization the header. */
  matches(authorization: string | undefined): boolean;
}

/** @throws Error if the file is unreadable or empty. A file that is empty later matches no token. */
export function openAdminToken(path: string): AdminToken {
  const file = new WatchedFile(path);
  if (file.text.trim() === '') throw new Error(`${path} is empty; write a token into it: openssl rand -base64 32`);
  return {
    matches(authorization = '') {
      const token = file.text.trim();
      if (token === '' || authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return false;
      return timingSafeEqual(digest(authorization.slice(SCHEME.length).trim()), digest(token));
    },
  };
}

/** Equal lengths, which the comparison needs. */
const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
