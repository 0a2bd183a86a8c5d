/**
 * Parses the request target without a URL parser, which would resolve `..` and re-encode bytes and thus change the key.
 * RFC 9112, section 3.2.
 */
import { Failure } from '../domain/failure.ts';
import { percentDecode } from '../kit/percent.ts';
import { unsliced } from '../kit/unsliced.ts';

export interface RequestTarget {
  /** Not decoded. */
  readonly path: string;
  /** Without the `?`; undefined if there is none. */
  readonly rawQuery: string | undefined;
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** Origin form, visible ASCII without `#` and `\`. Of the characters that RFC 3986 forbids everywhere, the others are tolerated: `"<>^`{|}`. */
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/;

/** @throws Failure invalid_uri. */
export function parseTarget(target: string): RequestTarget {
  if (!ORIGIN_FORM.test(target)) {
    throw new Failure(
      'invalid_uri',
      'The request target is not an absolute path of visible ASCII characters, or a URL of this host without userinfo.',
    );
  }
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : unsliced(target.slice(0, mark));
  const rawQuery = mark < 0 ? undefined : target.slice(mark + 1);
  return { path, rawQuery, query: parseQuery(rawQuery) };
}

function parseQuery(rawQuery: string | undefined): (readonly [string, string])[] {
  if (rawQuery === undefined || rawQuery === '') return [];
  return rawQuery.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    const name = percentDecode(equals < 0 ? pair : pair.slice(0, equals));
    const value = percentDecode(equals < 0 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) {
      throw new Failure('invalid_uri', 'The query is not valid percent-encoded UTF-8.');
    }
    return [name, value] as const;
  });
}
