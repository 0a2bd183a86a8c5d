/** The boundary of a form, and the delimiter between its parts (RFC 2046, section 5.1.1). */
import { parseParameters } from './parameters.ts';
import { formRefused } from './refusals.ts';

export interface Boundary {
  /** CRLF, two hyphens and the boundary: the end of a part. */
  readonly delimiter: Buffer;
}

const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/** @param contentType of the request. @throws Failure form_refused. */
export function boundaryOf(contentType: string): Boundary {
  const boundary = parseParameters(contentType)?.parameters.get('boundary');
  if (boundary === undefined || !BOUNDARY.test(boundary)) throw formRefused('no_boundary');
  return { delimiter: Buffer.from(`\r\n--${boundary}`) };
}
