/**
 * Whether a JSON text names a member twice. RFC 8259, section 4, does not define which of the two counts, so the issuer, the
 * gateway and the policy engine could use different ones; RFC 7519, section 4, allows to refuse such claims.
 */

/** Strings and structure of a text that is known to be JSON; numbers and words between them do not matter. */
const PIECES = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** @param json must be valid JSON. */
export function hasUniqueMembers(json: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let before = '';
  for (const [piece] of json.matchAll(PIECES)) {
    if (piece === '{') open.push(new Set());
    else if (piece === '[') open.push(undefined);
    else if (piece === '}' || piece === ']') open.pop();
    else if (piece === ':' && !isNew(open.at(-1), before)) return false;
    before = piece;
  }
  return true;
}

/** Compared as they read, not as they are written: an escaped letter is that letter. */
function isNew(names: Set<string> | undefined, written: string): boolean {
  const name = JSON.parse(written);
  if (names?.has(name)) return false;
  names?.add(name);
  return true;
}
