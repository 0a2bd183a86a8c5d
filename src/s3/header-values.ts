/**
 * Which value a header of the store has that came more than once. A header that is not a list has one value: the first. A store
 * behind a proxy may send its request id twice, and the proxy may have joined both already.
 */

/** Lists, of which several lines are one (RFC 9110, section 5.3); others pass to the client with HeadObject only. */
const LISTS = new Set(['cache-control', 'content-encoding', 'content-language']);
const IDS = new Set(['x-amz-request-id', 'x-amz-id-2']);

/** @param name in lower case. */
export function oneValue(name: string, value: string | readonly string[]): string {
  const isList = LISTS.has(name) || name.startsWith('x-amz-meta-');
  const one = typeof value === 'string' ? value : isList ? value.join(', ') : (value[0] ?? '');
  return IDS.has(name) ? (one.split(',', 1)[0] as string).trim() : one;
}
