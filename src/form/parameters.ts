/** Parses a header value with parameters, such as `form-data; name="key"; filename="a.txt"`. */

export interface Parametrized {
  /** The text before the first parameter, in lower case. */
  readonly value: string;
  /** Values by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const VALUE = /^[ \t]*([!#$%&'*+\-./^_`|~0-9A-Za-z]+)[ \t]*/y;
const PARAMETER = /;[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))[ \t]*/sy;

/** @returns undefined for a malformed value or a duplicate parameter. */
export function parseParameters(text: string): Parametrized | undefined {
  VALUE.lastIndex = 0;
  const value = VALUE.exec(text)?.[1];
  if (value === undefined) return undefined;
  const parameters = new Map<string, string>();
  let at = VALUE.lastIndex;
  while (at < text.length) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(text);
    if (found === null) return undefined;
    at = PARAMETER.lastIndex;
    const name = (found[1] as string).toLowerCase();
    if (parameters.has(name)) return undefined;
    parameters.set(name, found[3] ?? unquote(found[2] as string));
  }
  return { value: value.toLowerCase(), parameters };
}

/**
 * Only `\"` is an escape sequence. Any other backslash is literal: browsers do not escape it, and old ones send whole
 * Windows paths (HTML, "multipart/form-data encoding algorithm").
 */
function unquote(text: string): string {
  return text.replaceAll('\\"', '"');
}
