/** The request line as spans and log lines show it, also that of a request that node:http cannot parse. */
import { unsliced } from '../kit/unsliced.ts';
import { redactQuery } from './redact-query.ts';

/** The path of the target. In absolute form for another host, which is rejected, it omits the authority. Spans and logs redact credentials in it. */
export function pathOf(url = ''): string {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : unsliced(url.slice(0, mark));
  return path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
}

/** The query of the target, with its secrets removed. */
export function queryOf(url = ''): string | undefined {
  const mark = url.indexOf('?');
  return mark < 0 ? undefined : redactQuery(url.slice(mark + 1));
}

/** The request line of a request that node:http refuses. */
export interface KnownLine {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  /** The host and port in the target of CONNECT (RFC 9112, section 3.2.3). */
  readonly authority?: string;
  readonly version: string;
}

/** RFC 9112, section 3. Spaces delimit, so that a target holds none. */
const LINE = /^([A-Z]{1,32}) (\S{1,8192}) HTTP\/(\d\.\d)\r?\n/;

/** The request line at the start of the bytes in which the parser failed, unless they begin with an earlier request. */
export function lineOf({
  rawPacket,
  bytesParsed = 0,
}: Error & { rawPacket?: Buffer; bytesParsed?: number }): KnownLine | undefined {
  if (rawPacket === undefined || rawPacket.subarray(0, bytesParsed).includes('\r\n\r\n')) return undefined;
  const match = LINE.exec(rawPacket.toString('latin1', 0, LONGEST_LINE));
  if (match === null) return undefined;
  const [, method, target, version] = match as unknown as [string, string, string, string];
  return knownLine(method, target, version);
}

/** Other targets can begin with a userinfo. */
const SHOWN_TARGET = /^(\/|\*$|[a-z][a-z0-9+.-]*:\/\/)/i;

/** Characters of the method, the target, the version and what delimits them. */
const LONGEST_LINE = 8_300;

export function knownLine(method: string, target: string, version: string): KnownLine {
  if (method === 'CONNECT') return { method, path: '', query: undefined, authority: target, version };
  const shown = SHOWN_TARGET.test(target) ? target : '';
  return { method, path: pathOf(shown), query: queryOf(shown), version };
}
