/** A header value with parameters, such as `form-data; name="key"; filename="a.txt"`: the part-heads of a form have no other. */

export interface Parametrized {
  /** What stands before the first parameter, in lower case. */
  readonly value: string;
  /** Lower-case names, each once. */
  readonly parameters: ReadonlyMap<string, string>;
}

const VALUE = /^[ \t]*([!#$%&'*+\-./^_`|~0-9A-Za-z]+)[ \t]*/y;
const PARAMETER = /;[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))[ \t]*/sy;

/** @returns undefined where the text is not of this form, or names a parameter twice. */
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
 * Only the quotation mark is taken for escaped. A backslash before anything else is itself: browsers escape nothing so,
 * and old ones give whole Windows paths (HTML, "multipart/form-data encoding algorithm").
 */
function unquote(text: string): string {
  return text.replaceAll('\\"', '"');
}
