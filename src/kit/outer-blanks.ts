/** Removes leading and trailing spaces and tabs of a header value (RFC 9110, section 5.5). */

/**
 * Not `trim`: it also removes 0xA0, which in UTF-8 is the last byte of `à`. Not a regular expression: searching for trailing
 * blanks restarts at every blank inside, which takes quadratic time.
 */
export function withoutOuterBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
