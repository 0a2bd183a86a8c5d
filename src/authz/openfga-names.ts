/**
 * Names of users and objects in OpenFGA: `type:id`. An id may hold neither white space nor `:` nor `#`, and `*` alone means
 * every user. These, `%` and invisible characters are percent-encoded as UTF-8. Two subjects or keys never get the same name, and
 * none gets a name with another meaning.
 */

/** Characters of `type:id` that OpenFGA accepts (its API reference, "TupleKey"). */
export const MAX_USER = 512;
export const MAX_OBJECT = 256;

/** Not all of `\p{C}`: unassigned characters would change their encoding with the version of Unicode, and so of Node. */
const RESERVED = /[%:#*\s\p{Cc}\p{Cf}\p{Cs}]/gu;

/** @returns undefined if the name would be too long. */
export function nameOf(type: string, id: string, maximum: number): string | undefined {
  if (type.length + 1 + id.length > maximum) return undefined; // encoding only makes it longer
  const name = `${type}:${id.replace(RESERVED, percentEncode)}`;
  return name.length <= maximum ? name : undefined;
}

function percentEncode(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
