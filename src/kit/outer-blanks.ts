/** Removes the blanks around a header value (RFC 9110, section 5.5): spaces and tabs, and nothing else. */

/**
 * Not `trim`: to JavaScript 0xA0 is a space too, and in UTF-8 it is the last byte of `à`. Not a regular expression: one that
 * looks for blanks at the end starts again at every blank inside, which takes quadratic time.
 */
export function withoutOuterBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
